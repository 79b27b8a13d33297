import { expect, test } from 'vitest'
import { openRemoval, pendingIds, type VmState } from '../../../../src/domain/vm/state.ts'
import { CPU5, heard, ost, readingOf, run, slots, stateOf, timestamp } from './kit.ts'
import { expectNoFault } from '../../../support/explorer/expect-no-fault.ts'

// Found: a RESET or a refusal heard while a second request was unanswered was lost when QEMU refused that one, and the
// first request was pending for good. What is heard of the first request while the second is unanswered must not be lost when QEMU refuses the second.
const sent = { type: 'unplug-sent', firstId: 4, count: 2, device: CPU5 } as const

/** Call 7 asked, was accepted and gave up; call 8 has asked again. */
function askedAgain(): VmState {
  return run(
    stateOf(),
    { ...sent, caller: 7 },
    { type: 'left', caller: 7, gaveUp: true },
    { type: 'unplug-accepted', key: 11 },
    { ...sent, caller: 8 },
  )
}

test('a reset between: the first request is of an earlier boot', () => {
  const reset = heard({ event: 'RESET', data: { guest: true }, timestamp })
  const state = run(askedAgain(), reset, { type: 'unplug-refused', key: 11 })
  expect(openRemoval(state, 4)?.request).toBe('stale')
  expect(String(pendingIds(state))).toBe('')
})

test('a refusal between: the first request is over', () => {
  const refused = run(
    askedAgain(),
    ost(1),
    { type: 'unplug-refused', key: 11 },
    { type: 'left', caller: 8, gaveUp: false },
  )
  const { tick } = refused.now
  const state = run(refused, { type: 'read', reading: readingOf(tick, slots(CPU5)) })
  expect(String(pendingIds(state))).toBe('')
})

test('the explorer finds no other way', () => {
  const name = 'two unplugs, asked again in vain'
  const calls = [
    ['unplug', 1],
    ['unplug', 1],
  ] as const
  expectNoFault({ name, slots: [true, true], calls, budget: { abort: 1, refusal: 1 } }, 25_000)
})
