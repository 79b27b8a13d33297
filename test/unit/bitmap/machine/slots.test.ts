import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { computeSlots, computeVcpuMaps, type VcpuMaps, type VcpuSlot } from '../../../../src/bitmap/index.ts'
import { shuffled } from '../../../support/shuffle.ts'
import { largeMachine, machine, understoodMachine, type Machine } from './machines.ts'
import { boot, history, repliesOf, toggle, vmOf, type Replies, type Vm } from './vm.ts'
import { without } from './without.ts'

const seed = fc.nat(0xffff)

function slotsOf({ hotpluggable, plugged }: Replies): readonly VcpuSlot[] {
  return computeSlots(hotpluggable, plugged)
}

function mapsOf(vm: Vm): VcpuMaps {
  return computeVcpuMaps(slotsOf(repliesOf(vm)))
}

/** What the slots must be, straight from the generator. */
function truth({ machine, filled }: Vm) {
  const pathOf = new Map(filled.map(({ slot, qomPath }) => [slot, qomPath]))
  return machine.slots.map(({ firstId, count, type, props }, at) => {
    const qomPath = pathOf.get(at) ?? null
    const vcpus = Array.from({ length: qomPath === null ? 0 : count }, (_, thread) => ({
      id: firstId + thread,
      qomPath: machine.coreDevices ? `${String(qomPath)}/thread[${thread}]` : qomPath,
      hostThreadId: 10_000 + firstId + thread,
    }))
    const offlinable = qomPath !== null && at > 0 && machine.unplugs
    return { firstId, count, type, props, qomPath, vcpus, offlinable }
  })
}

function requireTruth(vm: Vm): void {
  const slots = slotsOf(repliesOf(vm))
  expect(slots.map((slot) => without(slot, 'ids'))).toEqual(truth(vm))
  for (const [at, slot] of slots.entries()) {
    // Not just equal: what goes back into device_add is what came.
    expect(slot.props).toBe(vm.machine.slots[at]?.props)
  }
  const sample = slots.slice(0, 3).concat(slots.slice(-3))
  for (const { ids, firstId, count } of sample) {
    expect([...ids]).toEqual(Array.from({ length: count }, (_, thread) => firstId + thread))
  }
}

function requireMaps({ online, onlinable, offlinable, possible }: VcpuMaps, built: Machine): void {
  expect(online.intersection(onlinable).size).toBe(0)
  expect(online.union(onlinable).equals(possible)).toBe(true)
  expect(offlinable.isSubsetOf(online)).toBe(true)
  expect(offlinable.has(0)).toBe(false)
  expect(possible.size).toBe(built.slots.reduce((sum, { count }) => sum + count, 0))
}

describe('computeSlots', () => {
  it('gives each slot the ids that QEMU will give its vCPUs, after any history', () => {
    fc.assert(fc.property(vmOf(), requireTruth), { numRuns: 300 })
  })

  it('does so on the largest machines', () => {
    fc.assert(
      fc.property(vmOf(largeMachine, 40), (vm) => {
        requireTruth(vm)
        requireMaps(mapsOf(vm), vm.machine)
      }),
      { numRuns: 7 },
    )
  })

  it('does not depend on the order of query-cpus-fast', () => {
    fc.assert(
      fc.property(vmOf(), seed, (vm, order) => {
        const { hotpluggable, plugged } = repliesOf(vm)
        expect(slotsOf({ hotpluggable, plugged: shuffled(plugged, order) })).toEqual(
          computeSlots(hotpluggable, plugged),
        )
      }),
    )
  })

  it('does not depend on the order of query-hotpluggable-cpus when all properties are understood', () => {
    fc.assert(
      fc.property(vmOf(understoodMachine), seed, (vm, order) => {
        const { hotpluggable, plugged } = repliesOf(vm)
        expect(slotsOf({ hotpluggable: shuffled(hotpluggable, order), plugged })).toEqual(
          computeSlots(hotpluggable, plugged),
        )
      }),
      { numRuns: 200 },
    )
    fc.assert(
      fc.property(vmOf(largeMachine.filter(({ understood }) => understood)), seed, (vm, order) => {
        const { hotpluggable, plugged } = repliesOf(vm)
        const slots = slotsOf({ hotpluggable: shuffled(hotpluggable, order), plugged })
        expect(slots.map(({ props }) => props)).toEqual(vm.machine.slots.map(({ props }) => props))
      }),
      { numRuns: 4 },
    )
  })

  it('leaves the replies as they were', () => {
    fc.assert(
      fc.property(vmOf(), (vm) => {
        const replies = repliesOf(vm)
        const before = structuredClone(replies)
        slotsOf(replies)
        expect(replies).toEqual(before)
      }),
      { numRuns: 30 },
    )
  })

  it('reads each entry a bounded number of times, however many there are', () => {
    let reads = 0
    const counted = <T extends object>(entry: T): T =>
      new Proxy(entry, {
        get(target, name, receiver): unknown {
          reads++
          return Reflect.get(target, name, receiver)
        },
      })
    fc.assert(
      fc.property(largeMachine, (built) => {
        const { hotpluggable, plugged } = repliesOf(boot(built, built.slots.length))
        reads = 0
        computeSlots(hotpluggable.map(counted), plugged.map(counted))
        expect(reads).toBeLessThan(20 * (hotpluggable.length + plugged.length))
      }),
      { numRuns: 4 },
    )
  })
})

describe('the maps over a history of plugs and unplugs', () => {
  it('part what is possible into online and onlinable, and offlinable is online', () => {
    fc.assert(
      fc.property(vmOf(), (vm) => {
        requireMaps(mapsOf(vm), vm.machine)
      }),
      { numRuns: 200 },
    )
  })

  it('keep what is possible', () => {
    fc.assert(
      fc.property(history(machine), (states) => {
        const possible = states.map((vm) => mapsOf(vm).possible.toString())
        expect(new Set(possible).size).toBe(1)
      }),
    )
  })

  it('move the ids of the slot that is plugged or unplugged, and no other bit', () => {
    fc.assert(
      fc.property(vmOf(), fc.nat(), (vm, pick) => {
        const at = pick % vm.machine.slots.length
        const before = mapsOf(vm)
        const next = toggle(vm, at, 99)
        const after = mapsOf(next)
        const slot = slotsOf(repliesOf(vm))[at]
        const moved = next === vm ? [] : [...(slot?.ids ?? [])]
        expect([...symmetricDifference(before.online, after.online)]).toEqual(moved)
        expect([...symmetricDifference(before.onlinable, after.onlinable)]).toEqual(moved)
        const offlinable = vm.machine.unplugs && at > 0 ? moved : []
        expect([...symmetricDifference(before.offlinable, after.offlinable)]).toEqual(offlinable)
      }),
      { numRuns: 200 },
    )
  })

  it('give a slot the same ids whatever was plugged before', () => {
    fc.assert(
      fc.property(history(machine), (states) => {
        const numberings = states.map((vm) => slotsOf(repliesOf(vm)).map(({ props, ids }) => [props, String(ids)]))
        for (const numbering of numberings) expect(numbering).toEqual(numberings[0])
      }),
    )
  })
})

function symmetricDifference(a: VcpuMaps['online'], b: VcpuMaps['online']): VcpuMaps['online'] {
  return a.difference(b).union(b.difference(a))
}
