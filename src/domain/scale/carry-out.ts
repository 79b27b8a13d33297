import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { VcpuError, withOutcome, type Outcome } from '../../errors/vcpu-error.ts'
import type { ChangeStep, ChangeStepName, SetVcpuStateOptions } from '../results.ts'
import { ScaleError } from './errors.ts'
import type { Journal } from './journal.ts'
import type { Plan, PlanStep } from './plan-step.ts'
import type { ScaleResult, SetVcpuStatesOptions, StepDone } from './progress.ts'

/**
 * Carries out one step, as {@link Domain.setVcpuState} does it, and says which ids that changed.
 */
export type ApplyStep = (step: PlanStep, options: SetVcpuStateOptions) => Promise<{ readonly changed: CpuMap }>

/**
 * Carry out a plan, one step after the other, and write down each.
 *
 * @throws {@link ScaleError} when a step fails; the steps after it are not tried
 * @throws `signal.reason` when aborted; `journal.changed` says what had been changed by then
 */
export async function carryOut(
  plan: Plan,
  apply: ApplyStep,
  options: SetVcpuStatesOptions,
  journal: Journal,
): Promise<ScaleResult> {
  return new Run(plan, apply, options, journal).run()
}

class Run {
  readonly #plan: Plan
  readonly #apply: (step: PlanStep) => Promise<CpuMap>
  /** What the step under way has done so far, by its own account. */
  readonly #account = new Set<ChangeStepName>()
  readonly #options: SetVcpuStatesOptions
  readonly #journal: Journal
  readonly #done: StepDone[] = []
  #online: number

  constructor(plan: Plan, apply: ApplyStep, options: SetVcpuStatesOptions, journal: Journal) {
    this.#plan = plan
    const onStep = (done: ChangeStep): void => {
      this.#account.add(done.step)
      options.onStep?.(done)
    }
    this.#apply = async (step) => {
      this.#account.clear()
      return (await apply(step, { ...options, wholeSlot: true, onStep })).changed
    }
    this.#options = options
    this.#journal = journal
    this.#online = plan.from
  }

  async run(): Promise<ScaleResult> {
    const plan = this.#plan
    this.#journal.add({ type: 'planned', plan })
    for (const index of plan.steps.keys()) {
      this.#throwIfAborted()
      await this.#carryOutStep(index)
    }
    return { changed: this.#journal.changed, outcome: 'done', online: this.#online, plan }
  }

  async #carryOutStep(index: number): Promise<void> {
    const at = this.#at(index)
    this.#journal.add({ type: 'started', ...at })
    try {
      const changed = await this.#apply(at.step)
      this.#count(at.step)
      const entry: StepDone = { type: 'done', ...at, changed, online: this.#online }
      this.#journal.add(entry)
      this.#done.push(entry)
    } catch (error) {
      const changed = this.#changedAllTheSame(at.step)
      if (changed.size > 0) this.#count(at.step)
      this.#journal.add({ type: 'failed', ...at, error, changed })
      this.#throwIfAbortedBy(error)
      throw await this.#failure(at.step, error)
    }
  }

  /** What to throw for a failed step, after the roll-back where one is asked for. */
  async #failure(failed: PlanStep, cause: unknown): Promise<ScaleError> {
    const before = this.#journal.changed
    const rollbackError = this.#options.rollback === true ? await this.#rollBack() : undefined
    const { changed } = this.#journal
    const rolledBack = before.difference(changed)
    const rest = this.#plan.steps.slice(this.#plan.steps.indexOf(failed) + 1)
    const outcome = changed.size > 0 ? 'partial' : outcomeOf(cause, rolledBack)
    return new ScaleError({ cause, outcome, changed, rolledBack, failed, rest, rollbackError })
  }

  /** Undo what was done, the last step first, until one cannot be undone; returns what that one failed with. */
  async #rollBack(): Promise<unknown> {
    for (const { changed, index } of this.#done.toReversed()) {
      // What somebody else has done is not ours to undo.
      if (changed.size === 0) continue
      const at = this.#at(index)
      const { step } = at
      try {
        await this.#apply({ ...step, ids: step.ids, online: !step.online, reason: 'undo' })
        this.#count(step, -1)
        this.#journal.add({ type: 'rolled-back', ...at, restored: changed, online: this.#online })
      } catch (error) {
        this.#journal.add({ type: 'rollback-failed', ...at, error })
        this.#throwIfAbortedBy(error)
        return error
      }
    }
    return undefined
  }

  /** A vCPU can be plugged, or have gone, although the change as a whole failed or was aborted. */
  #changedAllTheSame({ online, ids }: PlanStep): CpuMap {
    return this.#account.has(online ? 'slot-filled' : 'slot-empty') && !this.#account.has('undo') ? ids : CpuMap.empty
  }

  #at(index: number): { readonly step: PlanStep; readonly index: number; readonly total: number } {
    const step = this.#plan.steps[index]
    if (step === undefined) throw new RangeError(`the plan has no step ${index}`)
    return { step, index, total: this.#plan.steps.length }
  }

  #count({ online, ids }: PlanStep, direction: 1 | -1 = 1): void {
    this.#online += direction * (online ? ids.size : -ids.size)
  }

  #throwIfAborted(): void {
    const { signal } = this.#options
    if (signal?.aborted !== true) return
    throw withOutcome(signal.reason, this.#journal.changed.size > 0 ? 'partial' : 'not-sent')
  }

  /** The step itself has said how far it had come, where it was the first to change anything. */
  #throwIfAbortedBy(error: unknown): void {
    const { signal } = this.#options
    if (signal?.aborted !== true || error !== signal.reason) return
    throw this.#journal.changed.size > 0 ? withOutcome(error, 'partial') : error
  }
}

/** The outcome where nothing is left changed. */
function outcomeOf(cause: unknown, rolledBack: CpuMap): Outcome {
  const outcome = cause instanceof VcpuError ? (cause.outcome ?? 'unknown') : 'unknown'
  // Something was sent for the steps before, and undone: the state is what it was.
  return outcome === 'not-sent' && rolledBack.size > 0 ? 'rejected' : outcome
}
