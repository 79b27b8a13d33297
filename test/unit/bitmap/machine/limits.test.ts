import fc from 'fast-check'
import { expect, test } from 'vitest'
import { computeSlots, computeVcpuMaps, type VcpuSlot } from '../../../../src/bitmap/index.ts'
import { apicIds, areApicIdsWithin } from '../../../../src/bitmap/machine/apic-id.ts'
import { lacksAcpi, limitSlots, needsX2apic, type MachineLimits } from '../../../../src/bitmap/machine/limits.ts'

/** A flat machine of which vCPU 0 and `plugged` are there. */
function machine(count: number, plugged: number): readonly VcpuSlot[] {
  const cpus = [0, plugged].map((id) => ({ 'cpu-index': id, 'qom-path': `/machine/cpu${id}`, 'thread-id': 40 + id }))
  const slots = Array.from({ length: count }, (_, id) => ({
    type: 'qemu64-x86_64-cpu',
    'vcpus-count': 1,
    props: { 'socket-id': 0, 'core-id': id, 'thread-id': 0 },
    ...(id === 0 || id === plugged ? { 'qom-path': `/machine/cpu${id}` } : {}),
  }))
  return computeSlots(slots.toReversed(), cpus)
}

function mapsOf(slots: readonly VcpuSlot[], limits: MachineLimits): Record<string, string> {
  const { online, onlinable, offlinable, possible } = computeVcpuMaps(limitSlots(slots, limits))
  return {
    online: String(online),
    onlinable: String(onlinable),
    offlinable: String(offlinable),
    possible: String(possible),
  }
}

test('with acpi=off nothing is onlinable or offlinable, and every slot stays possible', () => {
  const all = { online: '0,5', onlinable: '1-4,6-7', offlinable: '5', possible: '0-7' }
  expect(mapsOf(machine(8, 5), { acpi: 'off' })).toEqual({ ...all, onlinable: '', offlinable: '' })
  for (const acpi of ['auto', 'on', undefined]) {
    expect(mapsOf(machine(8, 5), { acpi })).toEqual(all)
    expect(lacksAcpi({ acpi })).toBe(false)
  }
})

test('a slot past APIC id 254 is not onlinable without x2APIC; one that is filled already stays offlinable', () => {
  const slots = machine(260, 256)
  expect(mapsOf(slots, { x2apic: false })).toEqual({
    online: '0,256',
    onlinable: '1-254',
    offlinable: '256',
    possible: '0-259',
  })
  for (const x2apic of [true, undefined]) expect(mapsOf(slots, { x2apic })['onlinable']).toBe('1-255,257-259')
})

test('the CPU model matters only where a slot past APIC id 254 is empty', () => {
  expect(needsX2apic(machine(255, 5))).toBe(false)
  expect(needsX2apic(machine(256, 5))).toBe(true)
  expect(needsX2apic(machine(256, 255))).toBe(false)
})

test('where no APIC id can be past 254 there is none, on any topology', () => {
  const level = fc.nat(6)
  const place = fc.record({ 'socket-id': fc.nat(80), 'die-id': level, 'core-id': level, 'thread-id': fc.nat(1) })
  fc.assert(
    fc.property(fc.array(place, { maxLength: 12 }), fc.nat(600), (places, most) => {
      const slots = places.map((props) => ({ props }))
      const largest = Math.max(0, ...slots.map((slot) => apicIds(slots)(slot) ?? 0))
      if (areApicIdsWithin(slots, most)) expect(largest).toBeLessThanOrEqual(most)
      expect(areApicIdsWithin(slots, 2 ** 20)).toBe(true)
    }),
  )
})
