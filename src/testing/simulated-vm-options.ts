import type { Clock } from '../wire/clock.ts'
import type { Fault } from './fault.ts'
import type { SimulatedAccelerator } from './machine-answers.ts'
import type { SimulatedAgentOptions } from './simulated-agent.ts'
import type { OnPlug, OnUnplug } from './simulated-guest.ts'
import type { SimulatedQemuOptions } from './simulated-qemu.ts'
import type { VmTiming } from './vm-timing.ts'

/** How the guest of a {@link SimulatedVm} behaves; of a list, one is drawn each time. */
export interface GuestBehaviour {
  readonly onPlug?: OnPlug | readonly [OnPlug, ...OnPlug[]]
  readonly onUnplug?: OnUnplug | readonly [OnUnplug, ...OnUnplug[]]
  /** Does it turn on every CPU that appears? */
  readonly autoOnline?: boolean
}

/** What a {@link SimulatedVm} is made of. */
export interface SimulatedVmOptions {
  readonly machine: SimulatedQemuOptions
  /** `false`: the VM has no channel for an agent. */
  readonly agent?: SimulatedAgentOptions | false
  readonly guest?: GuestBehaviour
  /** Where time comes from. Without one everything happens within ticks. */
  readonly clock?: Clock
  /** What all times and choices are drawn from; 1 unless given. */
  readonly seed?: number
  /** How long things take, where they do not take the usual time ({@link DEFAULT_TIMING}). */
  readonly timing?: Partial<VmTiming>
  readonly faults?: readonly Fault[]
  /** What runs the vCPUs; `kvm` unless given. */
  readonly accelerator?: SimulatedAccelerator
}
