import { describe, expect, test } from 'vitest'
import { advance } from '../../../../src/domain/vm/advance.ts'
import { join, type Removal } from '../../../../src/domain/vm/removal.ts'
import { beginBoot, NOTHING_KEPT } from '../../../../src/domain/vm/guest-memory.ts'
import { initialState, type Observation, type VmState } from '../../../../src/domain/vm/state.ts'
import { BOOT, CPU5, heard, NEW5, ost, removalOf, run, stateOf, timestamp } from './kit.ts'

const cause = new Error('lost')
const now = { connection: 1, boot: 0, tick: 11 }
const gap = { type: 'gap' } as const

/** One input later, a state is as it was but for the tick and `part`. */
function after(before: VmState, part: Partial<VmState> = {}): VmState {
  return { ...before, now: { ...before.now, tick: before.now.tick + 1 }, ...part }
}

function quiet(state: VmState) {
  return { state, news: [], wantsLook: false }
}

function seen(part: Partial<Observation> = {}): Observation {
  return { guestId: 2, device: CPU5, seenAt: { connection: 1, boot: 0, tick: 9 }, bootId: undefined, ...part }
}

const sure = seen({ guestId: 3, bootId: 'a1' })
const both = new Map([
  [4, seen()],
  [5, sure],
])
const vouched = new Map([[5, sure]])

describe('the connection', () => {
  test('the first one', () => {
    const first = initialState()
    const observed = new Map([[4, seen()]])
    const state = { ...first, now: { connection: 1, boot: 0, tick: 1 }, isConnected: true, observed }
    expect(advance({ ...first, observed }, { type: 'connected' })).toStrictEqual(quiet(state))
  })

  test('a later one', () => {
    const before = stateOf({ isConnected: false, lostBy: cause, observed: both })
    const next = { now: { ...now, connection: 2 }, isConnected: true, lostBy: undefined, reading: undefined }
    expect(advance(before, { type: 'connected' })).toStrictEqual({
      state: { ...before, ...next, observed: new Map() },
      news: [{ type: 'connected' }, gap],
      wantsLook: true,
    })
    const again = stateOf()
    expect(advance(again, { type: 'connected' })).toStrictEqual({
      state: { ...again, ...next },
      news: [gap],
      wantsLook: true,
    })
  })

  test('lost', () => {
    const before = stateOf({ removals: [removalOf()] })
    const removals = [removalOf({ request: 'stale' })]
    expect(advance(before, { type: 'disconnected', cause })).toStrictEqual({
      state: after(before, { isConnected: false, lostBy: cause, removals }),
      news: [{ type: 'disconnected', error: cause }],
      wantsLook: true,
    })
    const lost = stateOf({ isConnected: false })
    expect(advance(lost, { type: 'disconnected', cause })).toStrictEqual({
      state: after(lost, { lostBy: cause }),
      news: [],
      wantsLook: true,
    })
    const mixed = stateOf({ removals: [removalOf({ request: 'stale' }), removalOf()] })
    expect(advance(mixed, { type: 'disconnected', cause }).wantsLook).toBe(true)
    const stale = stateOf({ removals })
    expect(advance(stale, { type: 'disconnected', cause }).wantsLook).toBe(true)
  })

  test('closed: nothing more', () => {
    const before = stateOf({ removals: [removalOf({ request: 'accepted' }), removalOf()] })
    const removals = [removalOf({ request: 'accepted' }), removalOf({ request: 'stale' })]
    const state = after(before, { isConnected: false, lostBy: cause, closedBy: cause, removals })
    expect(advance(before, { type: 'closed', cause })).toStrictEqual(quiet(state))
    const over = advance(state, { type: 'connected' })
    expect(over).toStrictEqual(quiet(state))
    expect(over.state).toBe(state)
  })

  test('events end: a reset may be missed', () => {
    const before = stateOf({ observed: both })
    expect(advance(before, { type: 'events-ended' })).toStrictEqual({
      state: after(before, { hearsEvents: false, observed: vouched }),
      news: [gap],
      wantsLook: true,
    })
  })

  test('the boot is doubted', () => {
    const before = stateOf({ observed: both })
    expect(advance(before, { type: 'boot-doubted' })).toStrictEqual(
      quiet(after(before, { observed: vouched, guest: { ...NOTHING_KEPT, doubtedAt: 11 } })),
    )
  })
})

describe('an unplug', () => {
  const sent = { type: 'unplug-sent', caller: 7, firstId: 4, count: 2, device: CPU5 } as const
  const other = removalOf({ key: 6, firstId: 8, count: 1, request: 'accepted', callers: [9] })
  const withOther = (part: Partial<Removal> = {}): VmState => stateOf({ removals: [removalOf(part), other] })

  test('sent: a new removal', () => {
    const before = stateOf({ removals: [other] })
    const removals = [other, removalOf({ key: 11, askedAt: now })]
    expect(advance(before, sent)).toStrictEqual(quiet(after(before, { removals })))
  })

  test('sent again: the open one is asked again and joined', () => {
    const before = withOther({ request: 'stale' })
    const first = { request: 'stale', askedAt: removalOf().askedAt, isDoubted: false, refusal: undefined } as const
    const removals = [removalOf({ askedAt: now, before: first, callers: [7, 8] }), other]
    expect(advance(before, { ...sent, caller: 8 })).toStrictEqual(quiet(after(before, { removals })))
  })

  test.each(['accepted', 'unanswered'] as const)('%s', (request) => {
    const before = withOther()
    const removals = [removalOf({ request }), other]
    expect(advance(before, { type: `unplug-${request}`, key: 5 })).toStrictEqual(quiet(after(before, { removals })))
  })

  test('unanswered without a connection is stale, and what was answered stays so', () => {
    const lost = stateOf({ isConnected: false, removals: [removalOf()] })
    expect(run(lost, { type: 'unplug-unanswered', key: 5 }).removals).toStrictEqual([removalOf({ request: 'stale' })])
    const accepted = withOther({ request: 'accepted' })
    expect(run(accepted, { type: 'unplug-unanswered', key: 5 }).removals).toStrictEqual(accepted.removals)
  })

  test('refused by QEMU: no trace, or what there was before', () => {
    const before = withOther()
    expect(advance(before, { type: 'unplug-refused', key: 5 })).toStrictEqual(
      quiet(after(before, { removals: [other] })),
    )
    const refusal = { reason: 'busy', tick: 6 }
    const again = withOther({ before: { request: 'guest-working', askedAt: now, isDoubted: true, refusal } })
    const kept = removalOf({ request: 'guest-working', askedAt: now, isDoubted: true, refusal })
    expect(run(again, { type: 'unplug-refused', key: 5 }).removals).toStrictEqual([kept, other])
  })

  test('joined', () => {
    const before = withOther()
    const removals = [join(removalOf(), 8), other]
    expect(advance(before, { type: 'joined', caller: 8, key: 5 })).toStrictEqual(quiet(after(before, { removals })))
  })

  test('left: an end goes with the last who waits', () => {
    const end = { type: 'forgotten' } as const
    const before = stateOf({ removals: [removalOf({ end, callers: [7, 8] }), other] })
    const removals = [removalOf({ end, callers: [8] }), other]
    const left = advance(before, { type: 'left', caller: 7, gaveUp: false })
    expect(left).toStrictEqual(quiet(after(before, { removals })))
    expect(run(left.state, { type: 'left', caller: 8, gaveUp: false }).removals).toStrictEqual([other])
    const doubted = [removalOf({ callers: [], isDoubted: true }), other]
    expect(run(withOther(), { type: 'left', caller: 7, gaveUp: true }).removals).toStrictEqual(doubted)
  })
})

test('a plug: sent, accepted, heard of, over', () => {
  const plug = { type: 'plug-sent', firstId: 4, deviceId: 'cpu4' } as const
  const noAck = { type: 'none' } as const
  const other = { type: 'plug-sent', firstId: 8, deviceId: 'cpu8', sentAt: now, isAccepted: false, ack: noAck } as const
  const before = stateOf({ plugs: [other] })
  const one = { ...plug, sentAt: now, isAccepted: false, ack: { type: 'none' } }
  const sent = advance(before, plug)
  expect(sent).toStrictEqual(quiet(after(before, { plugs: [other, one] as VmState['plugs'] })))
  const accepted = advance(sent.state, { type: 'plug-accepted', deviceId: 'cpu4' })
  const plugs = [other, { ...one, isAccepted: true }] as VmState['plugs']
  expect(accepted).toStrictEqual(quiet(after(sent.state, { plugs })))
  const acked = advance(accepted.state, ost(0, { source: 1, device: 'cpu4' }))
  const heardOf = [other, { ...one, isAccepted: true, ack: { type: 'accepted' } }] as VmState['plugs']
  expect(acked).toStrictEqual({ state: after(accepted.state, { plugs: heardOf }), news: [], wantsLook: true })
  const over = advance(acked.state, { type: 'plug-over', deviceId: 'cpu4' })
  expect(over).toStrictEqual(quiet(after(acked.state, { plugs: [other] })))
})

describe('events', () => {
  const other = removalOf({ key: 6, firstId: 8, count: 1, device: NEW5, request: 'accepted' })
  const before = stateOf({ removals: [removalOf({ request: 'accepted' }), other], observed: both })
  const looked = (part: Partial<VmState> = {}) => ({ state: after(before, part), news: [], wantsLook: true })

  test('the guest begins', () => {
    const removals = [removalOf({ request: 'guest-working' }), other]
    expect(advance(before, ost(0x84))).toStrictEqual(looked({ removals }))
  })

  test('the guest refuses', () => {
    const refusal = { reason: 'device busy (_OST status 0x82)', tick: 11 }
    const removals = [removalOf({ request: 'accepted', refusal }), other]
    expect(advance(before, ost(0x82))).toStrictEqual(looked({ removals }))
  })

  test('the guest is done', () => {
    expect(advance(before, ost(0))).toStrictEqual(looked())
  })

  test.each([{ type: 'DIMM' }, { slot: 'x4' }, { slot: '4x' }, { slot: '-4' }, { slot: '' }, { slot: '1234567890' }])(
    'a report about %o is about nothing',
    (part) => {
      expect(advance(before, ost(0x82, part))).toStrictEqual(quiet(after(before)))
    },
  )

  test('a slot may have nine digits', () => {
    const removals = [removalOf({ request: 'accepted', firstId: 123456789 })]
    const state = run(stateOf({ removals }), ost(0x84, { slot: '123456789' }))
    expect(state.removals[0]?.request).toBe('guest-working')
  })

  test('an error of the guest, by the path', () => {
    const reason = 'it reported an error and gave no reason (DEVICE_UNPLUG_GUEST_ERROR)'
    const removals = [removalOf({ request: 'accepted', refusal: { reason, tick: 11 } }), other]
    const same = { ...other, device: { ...NEW5, qomPath: 'another' } }
    const state = { ...before, removals: [removalOf({ request: 'accepted' }), same] }
    const data = { path: CPU5.qomPath }
    const error = advance(state, heard({ event: 'DEVICE_UNPLUG_GUEST_ERROR', data, timestamp }))
    expect(error).toStrictEqual(looked({ removals: [...removals.slice(0, 1), same] }))
  })

  test('hints', () => {
    expect(advance(before, heard({ event: 'DEVICE_DELETED', data: { path: 'x' }, timestamp }))).toStrictEqual(
      looked({ deletedAt: 11 }),
    )
    expect(advance(before, heard({ event: 'RESUME', data: {}, timestamp }))).toStrictEqual(looked())
    expect(advance(before, heard({ event: 'STOP', data: {}, timestamp }))).toStrictEqual(quiet(after(before)))
  })

  test('last words', () => {
    const words = stateOf({ lastWords: { reset: 1, shutdown: 2, panicked: 3 } })
    const shutdown = heard({ event: 'SHUTDOWN', data: { guest: true }, timestamp })
    expect(run(words, shutdown).lastWords).toStrictEqual({ reset: 1, shutdown: 11, panicked: 3 })
    const panicked = heard({ event: 'GUEST_PANICKED', data: { action: 'pause' }, timestamp })
    expect(advance(words, panicked)).toStrictEqual(
      quiet(after(words, { lastWords: { reset: 1, shutdown: 2, panicked: 11 } })),
    )
    expect(advance(words, shutdown).wantsLook).toBe(false)
  })

  test('a reset', () => {
    expect(advance(before, heard({ event: 'RESET', data: { guest: true }, timestamp }))).toStrictEqual({
      state: {
        ...before,
        now: { connection: 1, boot: 1, tick: 11 },
        removals: [removalOf({ request: 'stale' }), { ...other, request: 'stale' }],
        observed: new Map(),
        guest: beginBoot(before.reading?.slots, 11),
        lastWords: { reset: 11, shutdown: 0, panicked: 0 },
      },
      news: [{ type: 'reset' }],
      wantsLook: true,
    })
  })

  test.each([
    [true, 'agent-connected'],
    [false, 'agent-disconnected'],
  ])('a port that is open: %s', (open, type) => {
    expect(advance(before, heard({ event: 'VSERPORT_CHANGE', data: { id: 'p', open }, timestamp }))).toStrictEqual({
      state: after(before, { observed: vouched, guest: { ...NOTHING_KEPT, doubtedAt: 11 } }),
      news: [{ type }],
      wantsLook: false,
    })
  })
})

describe('observations', () => {
  const take = (state: VmState, ...entries: [number, Observation][]): VmState['observed'] =>
    run(state, { type: 'observed', ids: new Map(entries) }).observed

  test('are kept', () => {
    const before = stateOf()
    const observed = new Map([[4, seen()]])
    expect(advance(before, { type: 'observed', ids: observed })).toStrictEqual(quiet(after(before, { observed })))
    expect(before.observed.size).toBe(0)
  })

  test('of another boot or connection are dropped', () => {
    expect(take(stateOf(), [4, seen({ seenAt: { connection: 1, boot: 1, tick: 9 } })]).size).toBe(0)
    expect(take(stateOf(), [4, seen({ seenAt: { connection: 2, boot: 0, tick: 9 } })]).size).toBe(0)
  })

  test('a CPU of the guest is one vCPU', () => {
    const moved = take(stateOf({ observed: both }), [0, seen({ device: BOOT })])
    expect([...moved.keys()]).toStrictEqual([5, 0])
  })

  test('without events the guest must name its boot', () => {
    const deaf = stateOf({ hearsEvents: false })
    expect([...take(deaf, [4, seen()], [5, sure]).keys()]).toStrictEqual([5])
  })
})
