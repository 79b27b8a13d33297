import { describe, expect, test } from 'vitest'
import { ConnectionError } from '../../../../src/errors/peer-errors.ts'
import { adoptReading } from '../../../../src/domain/vm/adopt-reading.ts'
import { advance } from '../../../../src/domain/vm/advance.ts'
import { followSlots, NOTHING_KEPT } from '../../../../src/domain/vm/guest-memory.ts'
import type { Removal } from '../../../../src/domain/vm/removal.ts'
import type { Observation, VmState } from '../../../../src/domain/vm/state.ts'
import { BOOT, CPU5, NEW5, OTHER_BOOT, readingOf, removalOf, slots, stateOf } from './kit.ts'

const seen: Observation = { guestId: 2, device: CPU5, seenAt: { connection: 1, boot: 0, tick: 3 }, bootId: undefined }
const accepted = removalOf({ request: 'accepted' })
const refusal = { reason: 'busy', tick: 6 }

/** News with their ids as text. */
function newsOf(state: VmState, tick: number, device: Parameters<typeof slots>[0]): unknown[] {
  return plain(adoptReading(state, readingOf(tick, slots(device))).news)
}

function plain(news: readonly object[]): unknown[] {
  return news.map((event) => ('ids' in event ? { ...event, ids: String(event.ids) } : event))
}

test('a reading of another connection, or from before the last one, is dropped', () => {
  const before = stateOf()
  for (const old of [readingOf(9, slots(undefined), 2), readingOf(3, slots(undefined))]) {
    const result = adoptReading(before, old)
    expect(result).toStrictEqual({ state: before, news: [], wantsLook: false })
  }
  const same = readingOf(4, slots(undefined))
  expect(adoptReading(before, same).state.reading).toBe(same)
})

test('the first reading: no news of what was there, and the boot device is known', () => {
  const before = stateOf({ reading: undefined, bootDevice: undefined })
  const reading = readingOf(1, slots(CPU5))
  expect(adoptReading(before, reading)).toStrictEqual({
    state: { ...before, reading, bootDevice: BOOT, made: 1, guest: followSlots(before.guest, reading.slots) },
    news: [],
    wantsLook: false,
  })
  expect(advance(before, { type: 'read', reading }).state.reading).toBe(reading)
})

describe('what changed', () => {
  test('nothing', () => {
    expect(newsOf(stateOf(), 9, CPU5)).toStrictEqual([])
  })

  test('a slot was emptied, filled, or both', () => {
    const unplugged = { type: 'unplugged', ids: '4-5', deviceId: 'cpu5', late: false }
    const plugged = { type: 'plugged', ids: '4-5', deviceId: 'cpu5' }
    expect(newsOf(stateOf(), 9, undefined)).toStrictEqual([unplugged])
    expect(newsOf(stateOf({ reading: readingOf(4, slots(undefined)) }), 9, CPU5)).toStrictEqual([plugged])
    expect(newsOf(stateOf(), 9, NEW5)).toStrictEqual([unplugged, plugged])
  })
})

describe('a removal', () => {
  const other = removalOf({ key: 6, firstId: 0, count: 1, device: BOOT, request: 'accepted' })

  test('goes on while its device is there', () => {
    const before = stateOf({ removals: [accepted] })
    const reading = readingOf(9, slots(CPU5))
    const state = { ...before, reading, guest: followSlots(before.guest, reading.slots) }
    expect(adoptReading(before, reading)).toStrictEqual({ state, news: [], wantsLook: false })
  })

  test('is over when its device is gone, and stays while a call waits', () => {
    const before = stateOf({ removals: [other, accepted] })
    const { state } = adoptReading(before, readingOf(9, slots(undefined)))
    expect(state.removals).toStrictEqual([other, { ...accepted, end: { type: 'removed', owner: 7 } }])
    const late = { type: 'unplugged', ids: '4-5', deviceId: 'cpu5', late: false }
    expect(newsOf(before, 9, undefined)).toStrictEqual([late])
  })

  test('that no call waits for is late news', () => {
    const before = stateOf({ removals: [removalOf({ request: 'accepted', callers: [] }), other] })
    const late = { type: 'unplugged', ids: '4-5', deviceId: 'cpu5', late: true }
    expect(newsOf(before, 9, undefined)).toStrictEqual([late])
    expect(adoptReading(before, readingOf(9, slots(undefined))).state.removals).toStrictEqual([other])
  })

  test('of another slot makes no news late', () => {
    const elsewhere = removalOf({ firstId: 8, count: 1, request: 'accepted', callers: [] })
    const news = newsOf(stateOf({ removals: [elsewhere] }), 9, undefined)
    expect(news).toStrictEqual([{ type: 'unplugged', ids: '4-5', deviceId: 'cpu5', late: false }])
  })

  test('is news without an earlier reading too', () => {
    const gone = (removal: Removal): unknown[] =>
      newsOf(stateOf({ reading: undefined, removals: [removal] }), 9, undefined)
    const event = { type: 'unplugged', ids: '4-5', deviceId: 'cpu5' }
    expect(gone(accepted)).toStrictEqual([{ ...event, late: false }])
    expect(gone(removalOf({ request: 'accepted', callers: [] }))).toStrictEqual([{ ...event, late: true }])
  })

  test('that was over before is no news', () => {
    const end = { type: 'removed', owner: 7 } as const
    const before = stateOf({ reading: undefined, removals: [removalOf({ request: 'accepted', end })] })
    expect(newsOf(before, 9, undefined)).toStrictEqual([])
  })

  test('was refused', () => {
    const refused = removalOf({ request: 'accepted', refusal })
    const end = { type: 'refused', reason: 'busy' } as const
    const news = { type: 'refused', ids: '4-5', reason: 'busy' }
    for (const reading of [stateOf().reading, undefined]) {
      const waited = stateOf({ reading, removals: [refused] })
      expect(newsOf(waited, 9, CPU5)).toStrictEqual([{ ...news, late: false }])
      expect(adoptReading(waited, readingOf(9, slots(CPU5))).state.removals).toStrictEqual([{ ...refused, end }])
    }
    const left = stateOf({ removals: [{ ...refused, callers: [] }] })
    expect(newsOf(left, 9, CPU5)).toStrictEqual([{ ...news, late: true }])
    expect(newsOf(waitedForOther(), 9, CPU5)).toStrictEqual([{ ...news, late: false }])
  })

  /** Refused, where the slot's device is another one by now. */
  function waitedForOther(): VmState {
    return stateOf({ removals: [removalOf({ request: 'accepted', refusal }), other] })
  }
})

test('observations go with their devices', () => {
  const observed = new Map([
    [4, seen],
    [0, { ...seen, device: BOOT }],
  ])
  const before = stateOf({ observed })
  expect(adoptReading(before, readingOf(9, slots(CPU5))).state.observed).toBe(observed)
  const { state } = adoptReading(before, readingOf(9, slots(NEW5)))
  expect([...state.observed]).toStrictEqual([[0, { ...seen, device: BOOT }]])
})

describe('another QEMU', () => {
  const end = { type: 'forgotten' } as const
  const refused = removalOf({ key: 8, request: 'accepted', end: { type: 'refused', reason: 'busy' } })

  test('has heard of nothing', () => {
    const left = removalOf({ key: 6, callers: [] })
    const before = stateOf({ removals: [accepted, left, refused], observed: new Map([[4, seen]]) })
    const reading = readingOf(9, slots(undefined, OTHER_BOOT))
    const { state, news, wantsLook } = adoptReading(before, reading)
    expect({ state, wantsLook }).toStrictEqual({
      state: {
        ...before,
        now: { connection: 1, boot: 1, tick: 10 },
        reading,
        bootDevice: OTHER_BOOT,
        removals: [{ ...accepted, end }, refused],
        observed: new Map(),
        guest: followSlots(NOTHING_KEPT, reading.slots),
      },
      wantsLook: false,
    })
    const error = new ConnectionError('ERR_CONNECTION_LOST', 'another QEMU answers at this address; it was not asked', {
      outcome: 'unknown',
    })
    const lost = { type: 'lost', ids: '4-5', error }
    expect(plain(news)).toStrictEqual([lost, lost, { type: 'gap' }])
    expect(news[0]).toMatchObject({
      error: { code: 'ERR_CONNECTION_LOST', outcome: 'unknown', message: error.message },
    })
  })

  test('is not seen where slot 0 is not: the boot device stays known', () => {
    const before = stateOf()
    const reading = readingOf(9, [])
    expect(adoptReading(before, reading).state).toStrictEqual({ ...before, reading })
    expect(before.bootDevice).toBe(BOOT)
    const next = readingOf(10, slots(CPU5, OTHER_BOOT))
    expect(adoptReading({ ...before, reading }, next).news).toStrictEqual([{ type: 'gap' }])
  })
})

describe('how many vCPUs were made beside those of the start', () => {
  test('each device that is new counts, whether it is still there or not', () => {
    let state = stateOf({ reading: undefined })
    const made = [slots(undefined), slots(CPU5), slots(CPU5), slots(NEW5), slots(undefined)].map((shown, at) => {
      ;({ state } = adoptReading(state, readingOf(11 + at, shown)))
      return state.made
    })
    expect(made).toEqual([0, 1, 1, 2, 2])
  })

  test('over another connection the count is kept, and is what is there at least', () => {
    const lost = stateOf({ reading: undefined, made: 3, now: { connection: 2, boot: 0, tick: 10 } })
    expect(adoptReading(lost, readingOf(11, slots(CPU5), 2)).state.made).toBe(3)
    expect(adoptReading({ ...lost, made: 0 }, readingOf(11, slots(CPU5), 2)).state.made).toBe(1)
  })

  test('another QEMU begins anew', () => {
    expect(adoptReading(stateOf({ made: 7 }), readingOf(11, slots(NEW5, OTHER_BOOT))).state.made).toBe(1)
  })
})
