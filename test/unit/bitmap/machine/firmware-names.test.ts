import fc from 'fast-check'
import { expect, test } from 'vitest'
import { acpiPathOf, indexOfAcpiPath, indexOfHardwareId } from '../../../../src/bitmap/machine/firmware-names.ts'

test('an ACPI device is named after its slot, in hex of three digits at least', () => {
  expect([0, 5, 255, 4_095, 65_535].map(acpiPathOf)).toEqual([
    '\\_SB_.CPUS.C000',
    '\\_SB_.CPUS.C005',
    '\\_SB_.CPUS.C0FF',
    '\\_SB_.CPUS.CFFF',
    '\\_SB_.CPUS.CFFFF',
  ])
  fc.assert(fc.property(fc.nat(65_535), (index) => indexOfAcpiPath(acpiPathOf(index)) === index))
})

test.each([
  '\\_SB_.CPUS',
  '\\_SB_.CPUS.C05',
  '\\_SB_.CPUS.C0000005',
  '\\_SB_.CPUSxC005',
  '\\_SB_.C005.DEV0',
  '',
  'C005',
])('the path %j of anything else has no index', (path) => {
  expect(indexOfAcpiPath(path)).toBeUndefined()
})

test('pseries: cores are vsmt apart, and their threads follow one another', () => {
  // -smp 8,threads=2 with vsmt=8: cores at 0, 8, 16, 24.
  expect([0, 1, 8, 9, 16, 17].map((id) => indexOfHardwareId(id, 2, 8))).toEqual([0, 1, 2, 3, 4, 5])
  expect([2, 7, 10, 15].map((id) => indexOfHardwareId(id, 2, 8))).toEqual([undefined, undefined, undefined, undefined])
})

test('pseries: every thread of every core has an id of its own, whatever vsmt is', () => {
  const machine = fc.record({ core: fc.nat(500), threads: fc.integer({ min: 1, max: 8 }), room: fc.nat(8) })
  fc.assert(
    fc.property(machine, fc.nat(7), ({ core, threads, room }, some) => {
      const vsmt = threads + room
      const thread = some % threads
      expect(indexOfHardwareId(core * vsmt + thread, threads, vsmt)).toBe(core * threads + thread)
      if (room > 0) expect(indexOfHardwareId(core * vsmt + threads, threads, vsmt)).toBeUndefined()
    }),
  )
})
