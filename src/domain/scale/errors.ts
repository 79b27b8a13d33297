import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { AbortError } from '../../errors/abort-error.ts'
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
 * The machine cannot have that many vCPUs plugged: its slots hold several each, or vCPUs that cannot be unplugged are more, or its
 * slots are fewer, or it has no hotplug. Nothing was sent. Ask for one of the nearest counts instead.
 */
export class NotReachableError extends VcpuError {
  override readonly name = 'NotReachableError'
  declare readonly code: 'ERR_NOT_REACHABLE'
  /** The count asked for. */
  readonly target: number
  /** The largest smaller count that can be reached from here; `undefined` when there is none. */
  readonly nearestBelow: number | undefined
  /** The smallest larger one. */
  readonly nearestAbove: number | undefined

  /**
   * @param reason - why, as the rest of a sentence
   * @param unit - what is counted
   */
  constructor(target: number, nearest: NearestCounts, reason: string, unit = 'vCPUs') {
    const counts = [nearest.below, nearest.above].filter((count) => count !== undefined).join(' and ')
    super('ERR_NOT_REACHABLE', `${target} ${unit} cannot be reached: ${reason}; nearest: ${counts}`, {
      outcome: 'not-sent',
    })
    this.target = target
    this.nearestBelow = nearest.below
    this.nearestAbove = nearest.above
  }
}

/** How far a run had come when it ended before its goal. */
export interface ScaleFailure {
  /** What the failed step rejected with; `undefined` when others undid what the run did. */
  readonly cause: unknown
  readonly outcome: Outcome
  readonly changed: CpuMap
  readonly inDoubt: CpuMap
  readonly rolledBack: CpuMap
  readonly failed: PlanStep
  readonly rest: readonly PlanStep[]
  readonly rollbackError: unknown
  /** What ended it: the step itself, what was found after it, or others who undo what is done. */
  readonly words: 'failed' | 'after' | 'undone'
}

/** A run of several was aborted: beside the outcome it says what had been changed by then, and what still may be. */
export class ScaleAbortError extends AbortError {
  /** The ids that were changed. */
  readonly changed: CpuMap
  /** The ids whose request was sent, and of which it is not known what became. */
  readonly inDoubt: CpuMap

  constructor(
    message: string,
    outcome: Outcome,
    reason: unknown,
    account: Pick<ScaleAbortError, 'changed' | 'inDoubt'>,
  ) {
    super(message, outcome, reason)
    this.changed = account.changed
    this.inDoubt = account.inDoubt
  }
}

/**
 * A run of several changes ended before its goal, and the steps after that were not tried. `cause` is the error of the step
 * that failed.
 *
 * `outcome` is `unknown` when the result of a request is not known ({@link ScaleError.inDoubt}) or the VM could not be read
 * at the end; `partial` when the VM is left with some of the steps done; `rejected` when nothing is changed, and `not-sent`
 * when nothing was sent.
 */
export class ScaleError extends VcpuError {
  override readonly name = 'ScaleError'
  declare readonly code: 'ERR_SCALE_INCOMPLETE'
  /** The ids that this run changed and that are so still: without those that were rolled back. */
  readonly changed: CpuMap
  /** Ids for which a request was sent whose result is not known: they may still change. */
  readonly inDoubt: CpuMap
  /** The ids that were changed and brought back. */
  readonly rolledBack: CpuMap
  /** The step that failed, or after which it was found that the goal cannot be reached. */
  readonly failed: PlanStep
  /** The steps that were not tried. */
  readonly rest: readonly PlanStep[]
  /** What ended a roll-back before it was complete; `undefined` when none was asked for, or it was complete. */
  readonly rollbackError: unknown

  constructor(failure: ScaleFailure) {
    const { cause, outcome } = failure
    super('ERR_SCALE_INCOMPLETE', describe(failure), { outcome, ...(cause === undefined ? {} : { cause }) })
    this.changed = failure.changed
    this.inDoubt = failure.inDoubt
    this.rolledBack = failure.rolledBack
    this.failed = failure.failed
    this.rest = failure.rest
    this.rollbackError = failure.rollbackError
    Object.freeze(this)
  }
}

function describe(failure: ScaleFailure): string {
  const { changed, inDoubt, rolledBack, rest, rollbackError } = failure
  const parts = [
    headline(failure),
    `changed: ${namesOf(changed)}`,
    inDoubt.size === 0 ? undefined : `in doubt: ${namesOf(inDoubt)}`,
    rolledBack.size === 0 ? undefined : `rolled back: ${namesOf(rolledBack)}`,
    rollbackError === undefined ? undefined : `the roll-back stopped: ${wordsOf(rollbackError)}`,
    `not tried: ${namesOf(idsOf(rest))}`,
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}

function headline({ words, failed, cause }: ScaleFailure): string {
  const verb = failed.part === 'guest' ? 'turn on' : failed.online ? 'plug' : 'unplug'
  const ids = String(failed.ids)
  switch (words) {
    case 'failed':
      return `could not ${verb} vCPU ${ids}: ${wordsOf(cause)}`
    case 'after':
      return `stopped after the ${verb} of vCPU ${ids}: ${wordsOf(cause)}`
    case 'undone':
      return 'another client is changing the count too: what was done was undone again and again'
  }
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
