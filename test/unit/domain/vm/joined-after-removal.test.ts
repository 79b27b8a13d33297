import { test } from 'vitest'
import { expectNoFault } from '../../../support/explorer/expect-no-fault.ts'

// Found: a call joined a removal whose device was gone already, the slot had been filled again, and the call resolved
// although the slot had been filled for as long as the call lasted. A removal that was over before a call began is not
// what that call asked for: it looks again in a turn of its own, and asks itself where the slot is filled.
test('joined when the slot had been emptied and filled again', () => {
  expectNoFault(
    {
      name: 'joined when the slot had been emptied and filled again',
      slots: [true, true],
      calls: [
        ['unplug', 1],
        ['unplug', 1],
      ],
      budget: { other: 1 },
    },
    25_000,
  )
})
