import { describe, expect, test } from 'vitest'
import { CpuMap } from '../../../../src/bitmap/index.ts'
import {
  beginBoot,
  changePort,
  followSlots,
  NOTHING_KEPT,
  type GuestMemory,
} from '../../../../src/domain/vm/guest-memory.ts'
import type { VmInput } from '../../../../src/domain/vm/input.ts'
import type { VmState } from '../../../../src/domain/vm/state.ts'
import { BOOT, CPU5, heard, NEW5, ost, readingOf, run, slots, stateOf, timestamp } from './kit.ts'

const ids = new Map([
  [0, { index: 0, device: BOOT }],
  [1, { index: 4, device: CPU5 }],
])

function said(tick: number, connection = 1, boot = 0): VmInput {
  return { type: 'guest-said', said: { askedAt: { connection, boot, tick }, ids, kernel: { linux: '6.12' } } }
}

const port = (open: boolean): VmInput => heard({ event: 'VSERPORT_CHANGE', data: { id: 'p', open }, timestamp })
const RESET = heard({ event: 'RESET', data: { guest: true }, timestamp })
const kept = (state: VmState): number[] => [...state.guest.ids.keys()]

describe('what the guest said', () => {
  test('is kept, and what says nothing about it changes nothing', () => {
    const state = run(stateOf(), said(10), ost(0), { type: 'read', reading: readingOf(20, slots(CPU5)) })
    expect(kept(state)).toEqual([0, 1])
    expect(state.guest.kernel).toEqual({ linux: '6.12' })
  })

  test.each<[string, VmInput]>([
    ['a reset', RESET],
    ['a port that opens', port(true)],
    ['a port that closes', port(false)],
    ['another connection', { type: 'connected' }],
    ['the end of events', { type: 'events-ended' }],
    ['a doubt about the boot', { type: 'boot-doubted' }],
  ])('is dropped at %s, and so is what was asked before it', (_, input) => {
    const state = run(stateOf(), said(10), input, said(10))
    expect(kept(state)).toEqual([])
    expect(state.guest.kernel).toBeUndefined()
  })

  test('is kept again when it is asked after that', () => {
    const state = run(stateOf(), port(true))
    expect(kept(run(state, said(state.now.tick)))).toEqual([0, 1])
  })

  test('of a device that has gone is dropped, and of another one in its place', () => {
    for (const now of [undefined, NEW5]) {
      expect(kept(run(stateOf(), said(10), { type: 'read', reading: readingOf(20, slots(now)) }))).toEqual([0])
      expect(kept(run(stateOf({ reading: readingOf(4, slots(now)) }), said(10)))).toEqual([0])
    }
  })

  test('is not kept where no events are heard, or nothing was read', () => {
    expect(kept(run(stateOf({ hearsEvents: false }), said(10)))).toEqual([])
    expect(kept(run(stateOf({ reading: undefined }), said(10)))).toEqual([])
  })
})

describe('what was plugged at boot', () => {
  const settled = (...inputs: ((memory: GuestMemory) => GuestMemory)[]) =>
    inputs.reduce((memory, next) => next(memory), beginBoot(slots(CPU5), 5)).atBoot

  test('is known once a reading after the reset shows the same', () => {
    expect(beginBoot(slots(CPU5), 5).atBoot).toMatchObject({ isSure: false })
    const sure = settled((memory) => followSlots(memory, slots(CPU5)))
    expect({ ...sure, plugged: String(sure?.plugged) }).toEqual({ plugged: '0,4', isSure: true, isUp: false })
    // What is plugged later changes nothing about it.
    expect(
      settled(
        (memory) => followSlots(memory, slots(CPU5)),
        (memory) => followSlots(memory, slots(undefined)),
      ),
    ).toEqual(sure)
  })

  test('is not known where the first reading shows something else, or nothing was read before', () => {
    expect(settled((memory) => followSlots(memory, slots(undefined)))).toBeUndefined()
    expect(followSlots(beginBoot(undefined, 5), slots(CPU5)).atBoot).toBeUndefined()
  })

  test('outlives the ports of its own boot, and not those after it', () => {
    const read = (memory: GuestMemory) => followSlots(memory, slots(CPU5))
    const close = (memory: GuestMemory) => changePort(memory, 6, false)
    const open = (memory: GuestMemory) => changePort(memory, 7, true)
    expect(settled(read, close, open)).toMatchObject({ isSure: true, isUp: true })
    expect(settled(read, close, open, close)).toBeUndefined()
  })
})

test('what was seen plugged is remembered until a reset', () => {
  const seen = followSlots(followSlots(NOTHING_KEPT, slots(CPU5)), slots(undefined))
  expect(seen.seen.equals(CpuMap.parse('0,4'))).toBe(true)
  expect(beginBoot(slots(undefined), 9).seen.size).toBe(0)
})
