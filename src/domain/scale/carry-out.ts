import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { AbortError } from '../../errors/abort-error.ts'
import { meaningOf } from '../change/failure.ts'
import { NotConfirmedError } from '../errors.ts'
import type { SetVcpuStateOptions } from '../results.ts'
import type { Account } from './account.ts'
import { ScaleAbortError, ScaleError } from './errors.ts'
import { countOf, type Goal } from './goal.ts'
import type { Journal } from './journal.ts'
import type { Look, ScaleMachine } from './machine.ts'
import type { Plan, PlanStep } from './plan-step.ts'
import type { AtStep, ScaleResult, SetVcpuStatesOptions } from './progress.ts'
import { rollBack } from './roll-back.ts'
import { runStep, StepFailure } from './run-step.ts'
import { Stalls } from './stalls.ts'

/** What a run is made of. */
export interface RunParts {
  readonly goal: Goal
  readonly machine: ScaleMachine
  readonly options: SetVcpuStatesOptions
  readonly journal: Journal
  readonly account: Account
}

/**
 * Carry out what is left to do, one step after the other, with a look and a new plan after each, until nothing is left.
 *
 * @param plan - the first plan
 * @param first - the look that it was made from
 * @throws {@link ScaleError} when a step fails, or others undo what is done; nothing further is tried
 * @throws {@link AbortError} when aborted
 */
export async function carryOut(parts: RunParts, plan: Plan, first: Look): Promise<ScaleResult> {
  return new Run(parts, plan).run(first)
}

class Run {
  readonly #parts: RunParts
  readonly #plan: Plan
  readonly #each: SetVcpuStateOptions
  #index = 0

  constructor(parts: RunParts, plan: Plan) {
    this.#parts = parts
    this.#plan = plan
    this.#each = parts.options
  }

  async run(first: Look): Promise<ScaleResult> {
    const { journal, goal, account } = this.#parts
    account.settle(first)
    journal.add({ type: 'planned', plan: this.#plan })
    const stalls = new Stalls(this.#plan.steps.length)
    let look = first
    let steps = this.#plan.steps
    for (let step = steps[0]; step !== undefined; step = steps[0]) {
      const rest = steps.slice(1)
      await this.#carryOutStep(step, rest, look)
      try {
        look = await this.#look()
        steps = goal.plan(look).steps
        const mismatch = steps.length === 0 ? goal.mismatch(look) : undefined
        if (mismatch !== undefined) throw new NotConfirmedError(mismatch)
      } catch (error) {
        this.#throwIfAborted(error)
        throw await this.#failure({ step, rest, cause: error, look, words: 'after' })
      }
      if (stalls.isStuck(steps.length)) {
        throw await this.#failure({ step, rest: steps, cause: undefined, look, words: 'undone' })
      }
    }
    return { changed: account.changed, outcome: 'done', online: countOf(look), plan: this.#plan }
  }

  async #carryOutStep(step: PlanStep, rest: readonly PlanStep[], look: Look): Promise<void> {
    const { journal, machine, account } = this.#parts
    this.#throwIfAborted()
    const at: AtStep = { step, index: this.#index, total: this.#index + 1 + rest.length }
    journal.add({ type: 'started', ...at })
    const result = await runStep(machine, at, look, this.#each, account)
    if (result instanceof StepFailure) {
      const { error, changed } = result
      journal.add({ type: 'failed', ...at, error, changed })
      this.#throwIfAborted(error)
      throw await this.#failure({ step, rest, cause: error, look, words: 'failed', moved: changed })
    }
    this.#index++
    const online = countOf(look) + (step.online ? 1 : -1) * step.ids.size
    journal.add({ type: 'done', ...at, changed: result, online })
  }

  async #look(): Promise<Look> {
    const { signal, timeoutMs } = this.#parts.options
    const look = await this.#parts.machine.look({ signal, timeoutMs })
    this.#parts.account.settle(look)
    return look
  }

  /**
   * What is so at the end; `undefined` where it cannot be seen. After a roll-back the look has the roll-back's bounds,
   * whatever became of the caller's signal.
   */
  async #lastLook(): Promise<Look | undefined> {
    const { machine, account, options } = this.#parts
    const { signal, timeoutMs, rollback, rollbackTimeoutMs = timeoutMs } = options
    try {
      const seen = await machine.look(rollback === true ? { timeoutMs: rollbackTimeoutMs } : { signal, timeoutMs })
      account.settle(seen)
      return seen
    } catch (error) {
      if (rollback !== true) this.#throwIfAborted(error)
      return undefined
    }
  }

  /**
   * What to throw for a failure, after the roll-back where one is asked for, and a last look.
   *
   * @throws {@link AbortError} when aborted during that look
   */
  async #failure({ step, rest, cause, look, words, moved = CpuMap.empty }: Failure): Promise<ScaleError> {
    const { machine, account, journal, options } = this.#parts
    const { timeoutMs, rollbackTimeoutMs = timeoutMs } = options
    const own = { ...options, signal: undefined, timeoutMs: rollbackTimeoutMs, rollback: false }
    let restored = CpuMap.empty
    let rollbackError: unknown
    if (options.rollback === true) {
      const online = countOf(look) + (step.online ? 1 : -1) * moved.size
      const kept = words === 'failed' ? this.#index : -1
      const back = await rollBack(machine, account, journal, { kept, options: own, online })
      restored = back.restored
      rollbackError = back.error
    }
    const seen = await this.#lastLook()
    const { changed, inDoubt } = account
    const rolledBack = restored.difference(changed)
    const outcome = account.outcome(seen !== undefined)
    return new ScaleError({ cause, outcome, changed, inDoubt, rolledBack, failed: step, rest, rollbackError, words })
  }

  /** Nothing more is sent, and no look is waited for: the account says what is known. */
  #throwIfAborted(error?: unknown): void {
    const { options, account, goal } = this.#parts
    const { signal } = options
    if (signal?.aborted !== true) return
    const isAbort = error === undefined || error === signal.reason || error instanceof AbortError
    if (!isAbort) return
    const { changed, inDoubt } = account
    const outcome = account.outcome(true)
    const details = `changed: ${String(changed) || 'none'}${inDoubt.size > 0 ? `; in doubt: ${String(inDoubt)}` : ''}`
    const message = `${goal.what} was aborted: ${meaningOf(outcome)}; ${details}`
    const aborted = new ScaleAbortError(message, outcome, signal.reason, { changed, inDoubt })
    Object.freeze(aborted)
    throw aborted
  }
}

/** Where a run ended before its goal. */
interface Failure {
  readonly step: PlanStep
  readonly rest: readonly PlanStep[]
  readonly cause: unknown
  readonly look: Look
  readonly words: 'failed' | 'after' | 'undone'
  /** What the failed step plugged or unplugged all the same. */
  readonly moved?: CpuMap
}
