import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { VcpuError, type Outcome } from '../../errors/vcpu-error.ts'
import type { PlanStep } from './plan-step.ts'

/** The counts next to one that cannot be had. */
export interface NearestCounts {
  /** The largest smaller count that can be had; `undefined` when there is none. */
  readonly below: number | undefined
  /** The smallest larger one. */
  readonly above: number | undefined
}

/**
 * The machine cannot have that many vCPUs plugged: its slots hold several each, or vCPUs that may not go are more, or its
 * slots are fewer, or it has no hotplug. Nothing was sent. Ask for one of the nearest counts instead.
 */
export class NotReachableError extends VcpuError {
  override readonly name = 'NotReachableError'
  /** The count asked for. */
  readonly target: number
  /** The largest smaller count that can be reached from here; `undefined` when there is none. */
  readonly nearestBelow: number | undefined
  /** The smallest larger one. */
  readonly nearestAbove: number | undefined

  /** @param reason - why, as the rest of a sentence */
  constructor(target: number, nearest: NearestCounts, reason: string) {
    const counts = [nearest.below, nearest.above].filter((count) => count !== undefined).join(' and ')
    super('ERR_NOT_REACHABLE', `${target} vCPUs cannot be reached: ${reason}; nearest: ${counts}`, {
      outcome: 'not-sent',
    })
    this.target = target
    this.nearestBelow = nearest.below
    this.nearestAbove = nearest.above
  }
}

/** How far a plan had come when one of its steps failed. */
export interface ScaleFailure {
  /** What the failed step rejected with. */
  readonly cause: unknown
  readonly outcome: Outcome
  readonly changed: CpuMap
  readonly rolledBack: CpuMap
  readonly failed: PlanStep
  readonly rest: readonly PlanStep[]
  readonly rollbackError: unknown
}

/**
 * A step of several failed, and those after it were not tried. `cause` is the step's own error.
 *
 * `outcome` is `partial` when the VM is left with some of the steps done, and otherwise that of the failed step.
 */
export class ScaleError extends VcpuError {
  override readonly name = 'ScaleError'
  /** The ids that were changed and still are: without those that were rolled back. */
  readonly changed: CpuMap
  /** The ids that were changed and brought back. */
  readonly rolledBack: CpuMap
  /** The step that failed. When its own outcome is `unknown`, its ids may still change. */
  readonly failed: PlanStep
  /** The steps that were not tried. */
  readonly rest: readonly PlanStep[]
  /** What ended a roll-back before it was complete; `undefined` when none was asked for, or it was complete. */
  readonly rollbackError: unknown

  constructor(failure: ScaleFailure) {
    const { cause, outcome } = failure
    super('ERR_SCALE_INCOMPLETE', describe(failure), { cause, outcome })
    this.changed = failure.changed
    this.rolledBack = failure.rolledBack
    this.failed = failure.failed
    this.rest = failure.rest
    this.rollbackError = failure.rollbackError
  }
}

function describe({ cause, changed, rolledBack, failed, rest, rollbackError }: ScaleFailure): string {
  const parts = [
    `could not ${failed.online ? 'plug' : 'unplug'} vCPU ${String(failed.ids)}: ${wordsOf(cause)}`,
    `changed: ${namesOf(changed)}`,
    rolledBack.size === 0 ? undefined : `rolled back: ${namesOf(rolledBack)}`,
    rollbackError === undefined ? undefined : `the roll-back stopped: ${wordsOf(rollbackError)}`,
    `not tried: ${namesOf(idsOf(rest))}`,
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}

function idsOf(steps: readonly PlanStep[]): CpuMap {
  return CpuMap.from(steps.flatMap(({ ids }) => [...ids]))
}

function namesOf(ids: CpuMap): string {
  return ids.size === 0 ? 'none' : ids.toString()
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
