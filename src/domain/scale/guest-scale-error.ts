import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { foreignValue } from '../../errors/quote.ts'
import { VcpuError, type Outcome } from '../../errors/vcpu-error.ts'

/** How far a run in the guest had come when it ended before its goal. */
export interface GuestScaleFailure {
  /** What the failed step rejected with; `undefined` when others undid what the run did. */
  readonly cause: unknown
  readonly changed: CpuMap
  readonly inDoubt: CpuMap
  readonly failed: number
  readonly online: boolean
  readonly rest: CpuMap
  /** The step itself was done, and the look after it failed. */
  readonly isAfter: boolean
}

/**
 * A run that turns CPUs of the guest on or off ended before its goal, and the CPUs after that were not tried. `cause` is the
 * error of the step that failed. All ids are the guest's. `outcome`: `unknown` when the result of a request is not known
 * ({@link GuestScaleError.inDoubt}), `partial` when some were changed, else `rejected`.
 */
export class GuestScaleError extends VcpuError {
  override readonly name = 'GuestScaleError'
  declare readonly code: 'ERR_SCALE_INCOMPLETE'
  /** The CPUs that this run turned on or off. */
  readonly changed: CpuMap
  /** CPUs for which a request was sent whose result is not known. */
  readonly inDoubt: CpuMap
  /** The CPU whose change failed, or after which it was found that the goal cannot be reached. */
  readonly failed: number
  /** The CPUs that were not tried. */
  readonly rest: CpuMap

  constructor(failure: GuestScaleFailure) {
    const { cause, changed, inDoubt, failed, rest } = failure
    super('ERR_SCALE_INCOMPLETE', describe(failure), {
      outcome: outcomeOf(failure),
      ...(cause === undefined ? {} : { cause }),
    })
    this.changed = changed
    this.inDoubt = inDoubt
    this.failed = failed
    this.rest = rest
    Object.freeze(this)
  }
}

function outcomeOf({ changed, inDoubt }: GuestScaleFailure): Outcome {
  if (inDoubt.size > 0) return 'unknown'
  return changed.size > 0 ? 'partial' : 'rejected'
}

function describe(failure: GuestScaleFailure): string {
  const { changed, inDoubt, rest } = failure
  const parts = [
    headline(failure),
    `changed: ${namesOf(changed)}`,
    inDoubt.size === 0 ? undefined : `in doubt: ${namesOf(inDoubt)}`,
    `not tried: ${namesOf(rest)}`,
  ]
  return parts.filter((part) => part !== undefined).join('; ')
}

function headline({ cause, failed, online, isAfter }: GuestScaleFailure): string {
  if (cause === undefined) return "something else changes the guest's CPUs too: what was done was undone repeatedly"
  const words = cause instanceof Error ? cause.message : foreignValue(cause)
  const state = online ? 'on' : 'off'
  return isAfter
    ? `stopped after guest CPU ${failed} was turned ${state}: ${words}`
    : `could not turn guest CPU ${failed} ${state}: ${words}`
}

function namesOf(ids: CpuMap): string {
  return ids.size === 0 ? 'none' : String(ids)
}
