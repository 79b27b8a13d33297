import type { Clock } from '../wire/clock.ts'
import { FaultPlan } from './fault-plan.ts'
import type { SimulatedAccelerator } from './machine-answers.ts'
import type { Random } from './random.ts'
import type { SimulatedAgentOptions } from './simulated-agent.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import type { SimulatedQemuOptions } from './simulated-qemu.ts'
import type { SimulatedVmOptions } from './simulated-vm-options.ts'
import { VmRecord } from './vm-record.ts'
import { Stopwatch } from './vm-timing.ts'

/** What stays the same through every QEMU of a VM. */
export interface VmFrame {
  readonly machine: SimulatedQemuOptions
  /** `undefined`: it has no channel for one. */
  readonly agent: SimulatedAgentOptions | undefined
  readonly accelerator: SimulatedAccelerator
  readonly clock: Clock | undefined
  /** What boot ids are made from. */
  readonly guestSeed: number
  readonly stopwatch: Stopwatch
  readonly plan: FaultPlan
  readonly record: VmRecord
  /** Make a guest behave as this VM's does. */
  readonly instruct: (guest: SimulatedGuest) => void
}

/**
 * Work out what a VM is made of.
 *
 * @param random - each purpose gets a generator of its own, forked from it
 * @throws {@link InputError} `ERR_FAULT` for a fault that cannot be
 */
export function frameOf(options: SimulatedVmOptions, random: Random): VmFrame {
  const { machine, agent = {}, clock, timing = {}, faults = [], accelerator = 'kvm', guest: behaviour = {} } = options
  const plan = new FaultPlan(clock !== undefined)
  plan.set(faults)
  const choices = random.fork('choices')
  const { onPlug = 'accept', onUnplug = 'remove', autoOnline = false } = behaviour
  return {
    machine,
    agent: agent === false ? undefined : agent,
    accelerator,
    clock,
    guestSeed: random.fork('guest').seed,
    stopwatch: new Stopwatch(clock, timing, random.fork('timing')),
    plan,
    record: new VmRecord(),
    instruct: (guest) => {
      guest.onPlug = typeof onPlug === 'string' ? onPlug : () => choices.pick(onPlug)
      guest.onUnplug = typeof onUnplug === 'string' ? onUnplug : () => choices.pick(onUnplug)
      guest.autoOnline = autoOnline
    },
  }
}
