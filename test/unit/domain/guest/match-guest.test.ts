import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { devicePath, startPath } from '../../../../src/bitmap/machine/device-path.ts'
import type { VcpuSlot } from '../../../../src/bitmap/machine/vcpu-slot.ts'
import { matchGuest, type GuestKnowledge } from '../../../../src/domain/guest/match-guest.ts'
import { slot } from '../vm/kit.ts'

/** Eight slots of one vCPU each. */
function slotsOf(made: readonly number[], plugged: readonly number[]): readonly VcpuSlot[] {
  return Array.from({ length: 8 }, (_, id) => {
    if (made.includes(id)) return slot(id, 1, { qomPath: startPath(id), hostThreadId: 100 + id })
    if (plugged.includes(id)) return slot(id, 1, { qomPath: devicePath(`cpu${id}`), hostThreadId: 100 + id })
    return slot(id, 1, undefined)
  })
}

const listing = (...ids: readonly number[]): GuestKnowledge['cpus'] =>
  ids.map((id) => ({ 'logical-id': id, online: id % 2 === 0, 'can-offline': id > 0 }))

/** `[vCPU, the guest's CPU, how it is known]`, ascending. */
function match(slots: readonly VcpuSlot[], knowledge: Partial<GuestKnowledge>): unknown[] {
  const result = matchGuest(slots, { cpus: [], exact: undefined, observed: new Map(), ...knowledge })
  return [...result].sort(([a], [b]) => a - b).map(([index, { id, confidence }]) => [index, id, confidence])
}

const claims = (...pairs: readonly (readonly [number, number])[]) => new Map(pairs)

test('what the guest says of itself is exact; nothing else is guessed beside it', () => {
  expect(match(slotsOf([0, 1], [5]), { cpus: listing(0, 1, 2), exact: claims([0, 0], [2, 5]) })).toEqual([
    [0, 0, 'exact'],
    [5, 2, 'exact'],
  ])
})

test('two CPUs that claim to be one vCPU are neither; one that claims a vCPU not plugged is none', () => {
  const exact = claims([0, 0], [1, 5], [2, 5], [3, 6])
  expect(match(slotsOf([0, 1], [5]), { cpus: listing(0, 1, 2, 3), exact })).toEqual([[0, 0, 'exact']])
})

test('a CPU’s state is handed on; one that does not say so cannot be turned off', () => {
  const cpus = [...listing(0, 1), { 'logical-id': 2, online: true }]
  const side = (id: number) =>
    matchGuest(slotsOf([0, 1, 2], []), { cpus, exact: undefined, observed: new Map() }).get(id)
  expect(side(0)).toEqual({ id: 0, online: true, canOffline: false, confidence: 'computed' })
  expect(side(1)).toEqual({ id: 1, online: false, canOffline: true, confidence: 'computed' })
  expect(side(2)).toEqual({ id: 2, online: true, canOffline: false, confidence: 'computed' })
})

describe('the boot prefix', () => {
  test('is of vCPUs that QEMU made at its start', () => {
    // vCPUs 1 and 2 were plugged, 2 first: which of the guest's is which is not known from their place.
    expect(match(slotsOf([0], [1, 2]), { cpus: listing(0, 1, 2) })).toEqual([
      [0, 0, 'computed'],
      [1, 1, 'assumed'],
      [2, 2, 'assumed'],
    ])
    expect(match(slotsOf([], [0, 1]), { cpus: listing(0, 1) })).toEqual([
      [0, 0, 'assumed'],
      [1, 1, 'assumed'],
    ])
  })

  test('ends at the first gap', () => {
    expect(match(slotsOf([0, 1, 3, 4], []), { cpus: listing(0, 1, 2, 3) })).toEqual([
      [0, 0, 'computed'],
      [1, 1, 'computed'],
    ])
  })

  test('ends at the first vCPU that was plugged, though others were made at the start', () => {
    expect(match(slotsOf([0, 2, 3], [1]), { cpus: listing(0, 1, 2, 3) })).toEqual([
      [0, 0, 'computed'],
      [1, 1, 'assumed'],
      [2, 2, 'assumed'],
      [3, 3, 'assumed'],
    ])
  })
})

test('what was observed goes before what is computed', () => {
  expect(match(slotsOf([0, 1], [5]), { cpus: listing(0, 1, 2), observed: claims([5, 1]) })).toEqual([
    [0, 0, 'computed'],
    [1, 2, 'computed'],
    [5, 1, 'observed'],
  ])
})

describe('the only pair that is left', () => {
  test('is one', () => {
    expect(match(slotsOf([0, 1], [5]), { cpus: listing(0, 1, 2) })).toContainEqual([5, 2, 'computed'])
  })

  test.each([
    ['two vCPUs and one CPU', [5, 6], [0, 1, 2]],
    ['one vCPU and two CPUs', [5], [0, 1, 2, 3]],
    ['one vCPU and no CPU', [5], [0, 1]],
    ['two of each', [5, 6], [0, 1, 2, 3]],
  ])('%s are none', (_what, plugged, cpus) => {
    const known = match(slotsOf([0, 1], plugged), { cpus: listing(...cpus) })
    expect(known).toEqual([[0, 0, 'computed'], [1, 1, 'computed']]) // prettier-ignore
  })
})

test('that both count from 0 is not assumed where the listing disproves it', () => {
  expect(match(slotsOf([0], [2, 5, 6]), { cpus: listing(0, 1, 2, 3) })).toEqual([[0, 0, 'computed']])
})

test('each vCPU and each CPU of the guest is matched once at most, and only what is there', () => {
  const ids = fc.uniqueArray(fc.nat(7))
  const pairs = fc.array(fc.tuple(fc.nat(9), fc.nat(9))).map((list) => new Map(list))
  fc.assert(
    fc.property(ids, ids, ids, pairs, fc.option(pairs, { nil: undefined }), (made, plugged, cpus, observed, exact) => {
      const result = matchGuest(slotsOf(made, plugged), { cpus: listing(...cpus), observed, exact })
      const guestIds = [...result.values()].map(({ id }) => id)
      expect(new Set(guestIds).size).toBe(guestIds.length)
      for (const [index, { id }] of result) {
        expect(made.includes(index) || plugged.includes(index)).toBe(true)
        expect(cpus).toContain(id)
      }
    }),
  )
})
