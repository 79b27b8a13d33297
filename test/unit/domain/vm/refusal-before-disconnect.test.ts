import { test } from 'vitest'
import { expectNoFault } from '../../../support/explorer/expect-no-fault.ts'

// Found: a disconnect forgot the refusal, and the removal was pending for good.
// The guest has refused, and that was heard: a lost connection does not put the request in force again.
test('a refusal, and then the connection is lost', () => {
  expectNoFault(
    {
      name: 'a refusal, and then the connection is lost',
      slots: [true, true],
      calls: [['unplug', 1]],
      budget: { disconnect: 1 },
    },
    40_000,
  )
})
