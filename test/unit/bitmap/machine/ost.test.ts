import { expect, test } from 'vitest'
import { ejectRefusal, isAboutSlot } from '../../../../src/bitmap/machine/ost.ts'

const report = (status: number) => ({ slot: '5', 'slot-type': 'CPU', source: 3, status })

test('a guest that is done, or still at it, has not refused', () => {
  expect([0, 0x84].map((status) => ejectRefusal(report(status)))).toEqual([undefined, undefined])
})

// ACPI 6.5, tables 6.61 and 6.62.
test.each([
  [0x01, 'non-specific failure (_OST status 0x1)'],
  [0x02, 'it does not know the notification (_OST status 0x2)'],
  [0x80, 'device not supported (_OST status 0x80)'],
  [0x81, 'device in use by an application (_OST status 0x81)'],
  [0x82, 'device busy (_OST status 0x82)'],
  [0x83, 'a device that depends on it is busy, or ejecting it is not supported (_OST status 0x83)'],
  [0x85, 'unknown reason (_OST status 0x85)'],
])('status %i is a refusal, in words', (status, words) => {
  expect(ejectRefusal(report(status))).toBe(words)
})

test('a report is about the slot of CPUs that it names', () => {
  expect(isAboutSlot(report(0), 5)).toBe(true)
  expect(isAboutSlot(report(0), 4)).toBe(false)
  expect(isAboutSlot({ ...report(0), slot: '05' }, 5)).toBe(false)
  expect(isAboutSlot({ ...report(0), 'slot-type': 'DIMM' }, 5)).toBe(false)
})
