import { expect, test } from 'vitest'
import { CPU5, NEW5, readingOf, run, slots, stateOf } from './kit.ts'

// Found: an observation that came after the reading which shows another device in its slot was kept for that device.
test('an observation of a device that is gone by now is dropped', () => {
  const before = stateOf()
  const seen = { guestId: 2, device: CPU5, seenAt: before.now, bootId: undefined }
  const state = run(
    before,
    { type: 'read', reading: readingOf(10, slots(NEW5)) },
    { type: 'observed', ids: new Map([[4, seen]]) },
  )
  expect(state.observed.size).toBe(0)
})
