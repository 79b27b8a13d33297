import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { SetVcpuStateOptions } from '../results.ts'
import type { Plan, PlanStep } from './plan-step.ts'
import type { PlanOptions } from './plan.ts'

/**
 * How to change several vCPUs: each step is carried out with these options. `timeoutMs` is for each step, for
 * each reading between them and for the turn of this run, not for the whole. `signal` ends the step that is under way, and
 * no other begins.
 */
export interface SetVcpuStatesOptions extends SetVcpuStateOptions {
  /**
   * After a failure, undo the steps that were done, the last one first, each within `rollbackTimeoutMs` and whatever
   * becomes of `signal`; not after an abort. Unless given, what was done stays, and the error tells it.
   */
  readonly rollback?: boolean | undefined
  /** `setVcpuStates`: change a slot of several vCPUs as a whole although the map has only some of them. */
  readonly wholeSlot?: boolean | undefined
}

/** How to reach a count of vCPUs. */
export interface ScaleOptions extends SetVcpuStatesOptions, PlanOptions {}

/** A step, and its place in the plan. */
export interface AtStep {
  readonly step: PlanStep
  /** How many steps came before it in this run, also those that the first plan did not have. */
  readonly index: number
  /** How many steps there are in all, as far as is known when this one begins. */
  readonly total: number
}

/** Told before any step. */
export interface Planned {
  readonly type: 'planned'
  readonly plan: Plan
}

/** A step begins. */
export interface StepStarted extends AtStep {
  readonly type: 'started'
}

/** A step has ended well. */
export interface StepDone extends AtStep {
  readonly type: 'done'
  /** The ids that it changed; empty when somebody else had done it by then. */
  readonly changed: CpuMap
  /** How many vCPUs are plugged now, as far as these steps alone decide. */
  readonly online: number
}

/** A step failed, or was aborted. */
export interface StepFailed extends AtStep {
  readonly type: 'failed'
  readonly error: unknown
  /** The ids that it changed all the same: plugged in QEMU, when the guest's part of it failed. */
  readonly changed: CpuMap
}

/** A step that was done has been undone. */
export interface StepRolledBack extends AtStep {
  readonly type: 'rolled-back'
  /** The ids that are again as they were. */
  readonly restored: CpuMap
  readonly online: number
}

/** A step that was done could not be undone, and those before it were left as they are. */
export interface RollbackFailed extends AtStep {
  readonly type: 'rollback-failed'
  readonly error: unknown
}

/** What happens while several vCPUs are changed. Tell them apart by `type`. */
export type ScaleProgress = Planned | StepStarted | StepDone | StepFailed | StepRolledBack | RollbackFailed

/** All steps are done. */
export interface ScaleResult {
  /** The ids that this run changed and that are so still; empty when nothing was to be done. */
  readonly changed: CpuMap
  readonly outcome: 'done'
  /** How many vCPUs were plugged, or with `guest` run by the guest, when the run looked last: after its last step. */
  readonly online: number
  /** The first plan. What others did in the meantime may have made other steps necessary. */
  readonly plan: Plan
}
