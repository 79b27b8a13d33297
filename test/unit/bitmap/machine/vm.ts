import fc from 'fast-check'
import type { CpuFast, HotpluggableCpu } from '../../../../src/bitmap/index.ts'
import { machine as anyMachine, type Machine } from './machines.ts'

/** A slot that is filled, and where QEMU put its device. */
export interface Filled {
  readonly slot: number
  readonly qomPath: string
}

/** A machine and its filled slots in the order of their plugging. */
export interface Vm {
  readonly machine: Machine
  readonly filled: readonly Filled[]
}

/** The two replies of QEMU. */
export interface Replies {
  readonly hotpluggable: readonly HotpluggableCpu[]
  readonly plugged: readonly CpuFast[]
}

/** The VM as `-smp` starts it: the first slots are filled, at least one. */
export function boot(machine: Machine, smp: number): Vm {
  const count = Math.min(Math.max(smp, 1), machine.slots.length)
  const filled = Array.from({ length: count }, (_, slot) => ({ slot, qomPath: `/machine/unattached/device[${slot}]` }))
  return { machine, filled }
}

/**
 * Plugs the slot, or unplugs it if it is filled and QEMU would let it go; otherwise gives the same VM back. `serial`
 * makes the device's name, `anonymous` leaves that to QEMU.
 */
export function toggle(vm: Vm, slot: number, serial: number, anonymous = false): Vm {
  const { machine, filled } = vm
  if (filled.some((one) => one.slot === slot)) {
    const stays = slot === 0 || !machine.unplugs
    return stays ? vm : { machine, filled: filled.filter((one) => one.slot !== slot) }
  }
  const qomPath = anonymous ? `/machine/peripheral-anon/device[${serial}]` : `/machine/peripheral/vcpu${serial}`
  return { machine, filled: [...filled, { slot, qomPath }] }
}

/** What QEMU answers: slots in reverse, vCPUs in the order of their plugging. */
export function repliesOf({ machine, filled }: Vm): Replies {
  const pathOf = new Map(filled.map(({ slot, qomPath }) => [slot, qomPath]))
  const hotpluggable = machine.slots.map(({ type, count, props }, at): HotpluggableCpu => {
    const qomPath = pathOf.get(at)
    return { type, 'vcpus-count': count, props, ...(qomPath !== undefined && { 'qom-path': qomPath }) }
  })
  const plugged = filled.flatMap(({ slot, qomPath }) => threadsOf(machine, slot, qomPath))
  return { hotpluggable: hotpluggable.reverse(), plugged }
}

function threadsOf(machine: Machine, at: number, qomPath: string): CpuFast[] {
  const slot = machine.slots[at]
  if (slot === undefined) throw new Error(`this machine has no slot ${at}`)
  return Array.from({ length: slot.count }, (_, thread) => ({
    'cpu-index': slot.firstId + thread,
    'qom-path': machine.coreDevices ? `${qomPath}/thread[${thread}]` : qomPath,
    'thread-id': 10_000 + slot.firstId + thread,
    target: machine.target,
    props: slot.props,
  }))
}

/** A VM at each point of a history of plugs and unplugs, from its start on. */
export function history(machine: fc.Arbitrary<Machine>, maxLength = 12): fc.Arbitrary<readonly [Vm, ...Vm[]]> {
  const steps = fc.array(fc.tuple(fc.nat(), fc.boolean()), { maxLength })
  return fc.tuple(machine, fc.integer({ min: 1, max: 6 }), steps).map(([built, smp, picks]) => {
    const states: [Vm, ...Vm[]] = [boot(built, smp)]
    let vm = states[0]
    for (const [serial, [pick, anonymous]] of picks.entries()) {
      vm = toggle(vm, pick % built.slots.length, serial, anonymous)
      states.push(vm)
    }
    return states
  })
}

/** A VM after any history. */
export function vmOf(machine: fc.Arbitrary<Machine> = anyMachine, maxLength = 12): fc.Arbitrary<Vm> {
  return history(machine, maxLength).map((states) => states.at(-1) ?? states[0])
}
