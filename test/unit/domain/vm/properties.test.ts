import fc from 'fast-check'
import { expect, test } from 'vitest'
import { advance } from '../../../../src/domain/vm/advance.ts'
import { deviceIn, isSameDevice, type Device } from '../../../../src/domain/vm/device.ts'
import type { VmInput } from '../../../../src/domain/vm/input.ts'
import type { Moment } from '../../../../src/domain/vm/moment.ts'
import { initialState, openRemoval, pendingIds, type VmState } from '../../../../src/domain/vm/state.ts'
import { BOOT, CPU5, heard, NEW5, OTHER_BOOT, ost, readingOf, slots, timestamp } from './kit.ts'

/** An input, made from the state that it meets: its dates are of the past. */
type Make = (state: VmState) => VmInput

const cause = new Error('over')
const device = fc.constantFrom<(Device | undefined)[]>(undefined, CPU5, NEW5)
const ago = fc.nat(5)
const before = ({ now }: VmState, ticks: number): Moment => ({ ...now, tick: Math.max(0, now.tick - ticks) })
const keyIn = (state: VmState): number => openRemoval(state, 4)?.key ?? 0

const simple = fc.constantFrom<VmInput[]>(
  { type: 'connected' },
  { type: 'disconnected', cause },
  { type: 'events-ended' },
  { type: 'boot-doubted' },
  ost(0x84),
  ost(1),
  ost(0),
  heard({ event: 'RESET', data: { guest: true }, timestamp }),
  heard({ event: 'VSERPORT_CHANGE', data: { id: 'p', open: true }, timestamp }),
  heard({ event: 'DEVICE_UNPLUG_GUEST_ERROR', data: { path: CPU5.qomPath }, timestamp }),
)
const answers = ['unplug-accepted', 'unplug-refused', 'unplug-unanswered'] as const

const make: fc.Arbitrary<Make> = fc.oneof(
  simple.map((input) => () => input),
  fc.record({ caller: fc.nat(3), device: fc.constantFrom(CPU5, NEW5) }).map((part) => (): VmInput => {
    return { type: 'unplug-sent', firstId: 4, count: 2, ...part }
  }),
  fc.constantFrom(...answers).map((type) => (state: VmState): VmInput => ({ type, key: keyIn(state) })),
  fc.nat(3).map((caller) => (state: VmState): VmInput => ({ type: 'joined', caller, key: keyIn(state) })),
  fc.record({ caller: fc.nat(3), gaveUp: fc.boolean() }).map((part) => (): VmInput => ({ type: 'left', ...part })),
  fc
    .record({ device, boot: fc.constantFrom(BOOT, BOOT, BOOT, OTHER_BOOT), ticks: ago, connection: fc.nat(1) })
    .map(({ device, boot, ticks, connection }) => (state: VmState): VmInput => {
      const askedAt = before(state, ticks)
      const reading = readingOf(askedAt.tick, slots(device, boot), askedAt.connection - connection, askedAt.boot)
      return { type: 'read', reading }
    }),
  fc
    .record({
      guestId: fc.nat(3),
      index: fc.constantFrom(0, 4),
      isOld: fc.boolean(),
      bootId: fc.option(fc.constant('b'), { nil: undefined }),
    })
    .map(({ guestId, index, isOld, bootId }) => (state: VmState): VmInput => {
      const seenAt = isOld ? { ...state.now, boot: state.now.boot - 1 } : state.now
      const shown = deviceIn(state.reading?.slots.find(({ firstId }) => firstId === index)) ?? CPU5
      return { type: 'observed', ids: new Map([[index, { guestId, device: shown, seenAt, bootId }]]) }
    }),
  fc.constantFrom('cpu4', 'cpu6').map((deviceId) => (): VmInput => ({ type: 'plug-sent', firstId: 4, deviceId })),
)

/** Every state that a history goes through, with the input that led to it. */
function walk(history: readonly Make[], visit: (state: VmState, input: VmInput, last: VmState) => void): void {
  history.reduce(
    (last, one) => {
      const input = one(last)
      const { state } = advance(last, input)
      visit(state, input, last)
      return state
    },
    advance(initialState(), { type: 'connected' }).state,
  )
}

const histories = fc.array(make, { maxLength: 40 })
const runs = { numRuns: 400 }

test('advance is pure', () => {
  fc.assert(
    fc.property(histories, (history) => {
      walk(history, (_, input, last) => {
        const copy = structuredClone({ ...last, reading: undefined })
        expect(advance(last, input)).toStrictEqual(advance(last, input))
        expect(structuredClone({ ...last, reading: undefined })).toStrictEqual(copy)
      })
    }),
    runs,
  )
})

test('each input is one tick, boots and connections only grow, and no date is of the future', () => {
  fc.assert(
    fc.property(histories, (history) => {
      walk(history, ({ now, removals, plugs, observed, reading, lastWords, deletedAt }, _, last) => {
        expect(now.tick).toBe(last.now.tick + 1)
        expect(now.boot).toBeGreaterThanOrEqual(last.now.boot)
        expect(now.connection).toBeGreaterThanOrEqual(last.now.connection)
        const dates = [
          ...removals.flatMap(({ askedAt, before }) => [askedAt, ...(before === undefined ? [] : [before.askedAt])]),
          ...plugs.map(({ sentAt }) => sentAt),
          ...[...observed.values()].map(({ seenAt }) => seenAt),
          ...(reading === undefined ? [] : [reading.askedAt]),
        ]
        for (const { tick, boot, connection } of dates) {
          expect([tick <= now.tick, boot <= now.boot, connection <= now.connection]).toStrictEqual([true, true, true])
        }
        const refusals = removals.flatMap(({ refusal, before }) =>
          [refusal, before?.refusal].flatMap((heard) => heard?.tick ?? []),
        )
        const ticks = [lastWords.reset, lastWords.shutdown, lastWords.panicked, deletedAt, ...refusals]
        expect(Math.max(...ticks)).toBeLessThanOrEqual(now.tick)
      })
    }),
    runs,
  )
})

test('no observation of another boot, connection or device survives', () => {
  fc.assert(
    fc.property(histories, (history) => {
      walk(history, ({ now, observed, hearsEvents }, input, last) => {
        for (const [index, { seenAt, device: of, bootId }] of observed) {
          expect([seenAt.boot, seenAt.connection]).toStrictEqual([now.boot, now.connection])
          if (!hearsEvents) expect(bootId).toBeDefined()
          const shown = input.type === 'read' && last.reading !== input.reading ? input.reading : undefined
          if (shown?.askedAt.connection !== now.connection) continue
          if (last.reading !== undefined && shown.askedAt.tick < last.reading.askedAt.tick) continue
          expect(isSameDevice(deviceIn(shown.slots.find(({ firstId }) => firstId === index)), of)).toBe(true)
        }
        const guestIds = [...observed.values()].map(({ guestId }) => guestId)
        expect(new Set(guestIds).size).toBe(guestIds.length)
      })
    }),
    runs,
  )
})

test('pending is only what was asked, and a slot has one open removal', () => {
  fc.assert(
    fc.property(histories, (history) => {
      let wasAsked = false
      walk(history, (state, input) => {
        wasAsked ||= input.type === 'unplug-sent'
        if (!wasAsked) expect(pendingIds(state).size).toBe(0)
        const open = state.removals.filter(({ end }) => end === undefined)
        expect(open.length).toBeLessThanOrEqual(1)
        const isPending = open.some(
          ({ request, askedAt, callers }) =>
            request !== 'stale' && (askedAt.connection === state.now.connection || callers.length > 0),
        )
        expect(pendingIds(state).size).toBe(isPending ? 2 : 0)
        const keys = state.removals.map(({ key }) => key)
        expect(new Set(keys).size).toBe(keys.length)
      })
    }),
    runs,
  )
})

test('an end stays as it is, and goes only when no call waits', () => {
  fc.assert(
    fc.property(histories, (history) => {
      walk(history, ({ removals }, input, last) => {
        for (const { key, end, callers } of last.removals) {
          const next = removals.find((removal) => removal.key === key)
          if (end === undefined || input.type === 'unplug-refused') continue
          if (next === undefined) expect(callers).toHaveLength(input.type === 'left' ? 1 : 0)
          else expect(next.end).toBe(end)
        }
      })
    }),
    runs,
  )
})

test('after the close nothing changes', () => {
  fc.assert(
    fc.property(histories, make, (history, one) => {
      let state = initialState()
      walk(history, (next) => {
        state = next
      })
      const closed = advance(state, { type: 'closed', cause }).state
      const after = advance(closed, one(closed))
      expect(after.state).toBe(closed)
      expect(after).toMatchObject({ news: [], wantsLook: false })
    }),
    runs,
  )
})
