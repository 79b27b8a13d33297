import fc from 'fast-check'
import { computeSlots, computeVcpuMaps, type CpuMap, type VcpuSlot } from '../../../../src/bitmap/index.ts'
import type { Plan } from '../../../../src/domain/scale/plan-step.ts'
import { pseries, x86, type Machine } from '../../bitmap/machine/machines.ts'
import { boot, repliesOf, toggle, type Vm } from '../../bitmap/machine/vm.ts'

/** The slots of a VM, as the domain reads them. */
export function slotsOf(vm: Vm): readonly VcpuSlot[] {
  const { hotpluggable, plugged } = repliesOf(vm)
  return computeSlots(hotpluggable, plugged)
}

/** The ids that are plugged. */
export function onlineOf(vm: Vm): CpuMap {
  return computeVcpuMaps(slotsOf(vm)).online
}

/** The VM with exactly these slots filled, by their index; slot 0 always is. */
export function withFilled(machine: Machine, filled: Iterable<number>): Vm {
  let vm = boot(machine, 1)
  for (const slot of filled) if (slot > 0) vm = toggle(vm, slot, slot)
  return vm
}

/** A VM with any of its slots filled, of a machine of a few of them. */
export function anyFilled(machine: fc.Arbitrary<Machine>): fc.Arbitrary<Vm> {
  return machine.chain((built) => fc.subarray([...built.slots.keys()]).map((filled) => withFilled(built, filled)))
}

/** The VM after the plan, each step checked to be one that QEMU would carry out. */
export function carriedOut(vm: Vm, plan: Plan): Vm {
  let now = vm
  for (const { id, online } of plan.steps) {
    const at = now.machine.slots.findIndex(({ firstId }) => firstId === id)
    const isFilled = now.filled.some(({ slot }) => slot === at)
    const next = isFilled === online ? now : toggle(now, at, 1000 + id)
    if (next === now) throw new Error(`QEMU would not turn the slot of vCPU ${id} ${online ? 'on' : 'off'}`)
    now = next
  }
  return now
}

/** Small machines with nodes and sockets of unequal sizes, for comparing with every other choice there is. */
export const smallMachine: fc.Arbitrary<Machine> = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.nat(3), fc.nat(0xffff)).map(
    ([sockets, cores, nodes, seed]) =>
      x86([['socket-id', sockets], ['core-id', cores]], nodes, seed), // prettier-ignore
  ),
  fc
    .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 2, max: 4 }), fc.nat(3), fc.nat(0xffff))
    .map(([cores, threads, nodes, seed]) => pseries(cores, threads, nodes, seed)),
)
