import { describe, expect, test } from 'vitest'
import { knownEvent } from '../../../src/qmp/index.ts'

const timestamp = { seconds: 1, microseconds: 2 }
const known = (event: string, data: Readonly<Record<string, unknown>>) => knownEvent({ event, data, timestamp })

describe('knownEvent', () => {
  test.each([
    ['DEVICE_DELETED', { path: '/p' }],
    ['DEVICE_DELETED', { path: '/p', device: 'd' }],
    ['DEVICE_UNPLUG_GUEST_ERROR', { path: '/p', device: 'd' }],
    ['ACPI_DEVICE_OST', { info: { slot: '2', 'slot-type': 'CPU', source: 3, status: 0 } }],
    ['ACPI_DEVICE_OST', { info: { device: 'd', slot: '2', 'slot-type': 'CPU', source: 0x103, status: 132 } }],
    ['RESET', { guest: false, reason: 'host-qmp-system-reset' }],
    ['SHUTDOWN', { guest: true }],
    ['GUEST_PANICKED', { action: 'pause' }],
    ['STOP', {}],
    ['RESUME', {}],
    ['VSERPORT_CHANGE', { id: 'c', open: true }],
  ])('%s %j', (event, data) => {
    expect(known(event, { ...data, more: 1 })).toEqual({ event, data, timestamp })
  })

  test.each(['RTC_CHANGE', 'toString', '__proto__', 'constructor'])('%s is not ours', (event) => {
    expect(known(event, {})).toBeUndefined()
  })

  test.each([
    ['DEVICE_DELETED', {}, 'DEVICE_DELETED.path is nothing'],
    ['DEVICE_DELETED', { path: '/p', device: 1 }, 'DEVICE_DELETED.device is 1'],
    ['ACPI_DEVICE_OST', {}, 'ACPI_DEVICE_OST.info is nothing'],
    ['ACPI_DEVICE_OST', { info: { slot: 2 } }, 'ACPI_DEVICE_OST.info.slot is 2'],
    ['GUEST_PANICKED', {}, 'GUEST_PANICKED.action is nothing'],
    ['RESET', { guest: 'no' }, 'RESET.guest is "no"'],
    ['VSERPORT_CHANGE', { id: 'c' }, 'VSERPORT_CHANGE.open is nothing'],
  ])('%s %j is refused', (event, data, words) => {
    expect(() => known(event, data)).toThrow(words)
  })
})
