import { test } from 'vitest'
import { expectNoFault } from '../../../support/explorer/expect-no-fault.ts'

// Found: a device that was removed for another client after the guest had refused us stood in our `changed`.
// The guest has refused our request: what it removes after that was asked for by another client.
test('refused, and then removed for another client', () => {
  expectNoFault(
    {
      name: 'refused, and then removed for another client',
      slots: [true, true],
      calls: [['unplug', 1]],
      budget: { other: 1 },
    },
    40_000,
  )
})
