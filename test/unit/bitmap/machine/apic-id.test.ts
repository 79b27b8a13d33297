import { expect, test } from 'vitest'
import { computeSlots, type CpuInstanceProperties, type VcpuSlot } from '../../../../src/bitmap/index.ts'
import { apicIds, isX86 } from '../../../../src/bitmap/machine/apic-id.ts'

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

test('dies and modules take bits of their own, above cores and threads', () => {
  const places = [0, 1].flatMap((socket) =>
    [0, 1].flatMap((die) =>
      [0, 1, 2].flatMap((module) =>
        [0, 1].map((core) => ({
          'socket-id': socket,
          'die-id': die,
          'module-id': module,
          'core-id': core,
          'thread-id': 0,
        })),
      ),
    ),
  )
  const slots = slotsAt(places)
  // One bit of core, two of module, one of die: a die begins each 8, a socket each 16.
  const socket = [0, 1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13]
  expect(slots.map(apicIds(slots))).toEqual([...socket, ...socket.map((id) => id + 16)])
})

test('a place below zero, or between two, has no APIC id', () => {
  for (const core of [-1, 0.5]) {
    expect(apicIds([])({ props: { 'socket-id': 0, 'core-id': core } })).toBeUndefined()
    expect(apicIds([])({ props: { 'socket-id': core, 'core-id': 0 } })).toBeUndefined()
  }
})

test('the architectures that have them', () => {
  expect(['x86_64', 'i386', 'ppc64', undefined].map(isX86)).toEqual([true, true, false, false])
})
