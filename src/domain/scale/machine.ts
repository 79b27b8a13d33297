import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { CallOptions } from '../../wire/call-options.ts'
import type { OnSend } from '../change/call.ts'
import type { SetVcpuStateOptions } from '../results.ts'
import type { PlanStep } from './plan-step.ts'
import type { PlanBasis } from './plan.ts'

/** What one look showed. */
export interface Look extends PlanBasis {
  /** QEMU's name of the architecture, where it gives one. */
  readonly target?: string | undefined
  /** Is an unplug of that vCPU still open, so that it may yet be removed? */
  readonly isRemovalOpen: (id: number) => boolean
}

/** What became of a step that did not fail. */
export interface StepResult {
  /** The ids that it plugged or unplugged. */
  readonly changed: CpuMap
  /** The guest's ids that it turned on or off; `null` or missing where the guest had no part. */
  readonly guest?: { readonly changed: CpuMap } | null
}

/** What a run reads and changes: a domain, or a model of one. */
export interface ScaleMachine {
  /** Read QEMU's slots, and where the run has a part in the guest, the guest's CPUs. */
  readonly look: (options: CallOptions) => Promise<Look>
  /** Refuse what can be known to fail before anything is sent. */
  readonly check: (steps: readonly PlanStep[], look: Look, options: CallOptions) => Promise<void>
  /** Carry out one step, as {@link Domain.setVcpuState} does it. */
  readonly apply: (step: PlanStep, options: SetVcpuStateOptions, onSend?: OnSend) => Promise<StepResult>
  /** Turn vCPUs off in the guest and leave them plugged. */
  readonly turnOff: (ids: CpuMap, options: SetVcpuStateOptions) => Promise<void>
}
