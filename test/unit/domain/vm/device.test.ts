import { expect, test } from 'vitest'
import { deviceIn, isSameDevice, sameDevices } from '../../../../src/domain/vm/device.ts'
import { CpuMap } from '../../../../src/bitmap/index.ts'
import { initialState, openRemoval, pendingIds } from '../../../../src/domain/vm/state.ts'
import { BOOT, CPU5, NEW5, removalOf, slot, slots, stateOf } from './kit.ts'

test('the device in a slot', () => {
  expect(deviceIn(slot(4, 2, CPU5))).toStrictEqual(CPU5)
  expect(deviceIn(slot(4, 2, undefined))).toBeUndefined()
  expect(deviceIn(undefined)).toBeUndefined()
  expect(deviceIn({ ...slot(4, 2, CPU5), vcpus: [] })).toBeUndefined()
  expect(deviceIn({ ...slot(4, 2, CPU5), qomPath: null })).toBeUndefined()
})

test('the same path and the same thread is the same device', () => {
  expect(isSameDevice(CPU5, { ...CPU5 })).toBe(true)
  expect(isSameDevice(CPU5, NEW5)).toBe(false)
  expect(isSameDevice(CPU5, { ...CPU5, qomPath: 'other' })).toBe(false)
  expect(isSameDevice(CPU5, undefined)).toBe(false)
  expect(isSameDevice(undefined, CPU5)).toBe(false)
  expect(isSameDevice(undefined, undefined)).toBe(true)
})

test('the same devices in every slot', () => {
  expect(sameDevices(slots(CPU5), slots({ ...CPU5 }))).toBe(true)
  expect(sameDevices(slots(CPU5), slots(NEW5))).toBe(false)
  expect(sameDevices(slots(CPU5), [slot(0, 1, BOOT)])).toBe(false)
  expect(sameDevices([slot(0, 1, BOOT)], slots(undefined))).toBe(false)
})

test('the first state', () => {
  expect(initialState()).toStrictEqual({
    now: { connection: 0, boot: 0, tick: 0 },
    isConnected: false,
    hearsEvents: true,
    closedBy: undefined,
    lostBy: undefined,
    reading: undefined,
    bootDevice: undefined,
    made: 0,
    removals: [],
    plugs: [],
    observed: new Map(),
    guest: {
      ids: new Map(),
      failedStarts: new Map(),
      kernel: undefined,
      doubtedAt: 0,
      atBoot: undefined,
      seen: CpuMap.empty,
    },
    deletedAt: 0,
    lastWords: { reset: 0, shutdown: 0, panicked: 0 },
  })
})

test('the open removal of a slot is found by each of its ids', () => {
  const removal = removalOf()
  const state = stateOf({ removals: [removalOf({ end: { type: 'forgotten' } }), removal] })
  expect([3, 4, 5, 6].map((id) => openRemoval(state, id))).toStrictEqual([undefined, removal, removal, undefined])
})

test('pending ids are those of every open removal of this boot', () => {
  const removals = [
    removalOf(),
    removalOf({ firstId: 8, count: 1, request: 'accepted' }),
    removalOf({ firstId: 9, request: 'stale' }),
    removalOf({ firstId: 11, end: { type: 'forgotten' } }),
  ]
  expect(String(pendingIds(stateOf({ removals })))).toBe('4-5,8')
  expect(String(pendingIds(stateOf()))).toBe('')
})
