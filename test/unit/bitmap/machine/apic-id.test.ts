import { expect, test } from 'vitest'
import { computeSlots, type CpuInstanceProperties, type VcpuSlot } from '../../../../src/bitmap/index.ts'
import { apicIds } from '../../../../src/bitmap/machine/apic-id.ts'

function slotsAt(places: readonly CpuInstanceProperties[]): readonly VcpuSlot[] {
  return computeSlots(
    places.map((props) => ({ type: 'max-x86_64-cpu', 'vcpus-count': 1, props })),
    [],
  )
}

test('each level is as wide as it needs to be anywhere', () => {
  const places = [0, 1].flatMap((socket) =>
    [0, 1, 2].flatMap((core) =>
      [0, 1].map((thread) => ({ 'socket-id': socket, 'core-id': core, 'thread-id': thread })),
    ),
  )
  const slots = slotsAt(places)
  const idOf = apicIds(slots)
  // Three cores take two bits, two threads one: the second socket begins at 8.
  expect(slots.map(idOf)).toEqual([0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13])
})

test('a level of one takes no bit; a place that is no number has no APIC id', () => {
  const slots = slotsAt([0, 1, 2].map((core) => ({ 'socket-id': 0, 'die-id': 0, 'core-id': core, 'thread-id': 0 })))
  expect(slots.map(apicIds(slots))).toEqual([0, 1, 2])
  const odd = slotsAt([{ 'core-id': 'left' }, { 'core-id': 'right' }].map((props, at) => ({ ...props, 'tile-id': at })))
  expect(odd.map(apicIds(odd))).toEqual([undefined, undefined])
})
