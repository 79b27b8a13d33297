import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { failureOf } from '../change/failure.ts'
import { Ledger } from '../change/ledger.ts'
import { RefusedError } from '../errors.ts'
import { Account } from './account.ts'
import { carryOut } from './carry-out.ts'
import type { Goal } from './goal.ts'
import { Journal } from './journal.ts'
import type { Look, ScaleMachine } from './machine.ts'
import type { Plan } from './plan-step.ts'
import type { ScaleProgress, ScaleResult, SetVcpuStatesOptions } from './progress.ts'

/**
 * Several vCPUs being changed. It has begun already, and goes on whether anybody looks or not. Await it for the result;
 * or iterate over it for the progress, which is told from the beginning to whoever comes, however late and however often,
 * and which ends by throwing what the run failed with. An error that nobody asks for is raised nowhere.
 *
 * ```ts
 * const run = domain.scale(5)
 * for await (const progress of run) console.log(progress.type)
 * const { changed } = await run
 * ```
 */
export class ScaleRun implements PromiseLike<ScaleResult>, AsyncIterable<ScaleProgress> {
  readonly #journal = new Journal()
  readonly #account = new Account()
  readonly #result: Promise<ScaleResult>

  private constructor(
    goal: Goal,
    machine: ScaleMachine,
    options: SetVcpuStatesOptions,
    takeTurn: TakeTurn,
    publish: Publish,
  ) {
    this.#result = publish(() => this.#run(goal, machine, options, takeTurn))
    // A run that is looked at late must not end the process before.
    this.#result.catch(() => undefined)
  }

  /**
   * @internal
   * @param goal - what to reach
   * @param machine - what to read and to change
   * @param takeTurn - runs the whole when it is its turn
   * @param publish - runs the whole, its turn included, as a call that others may watch
   */
  static begin(
    goal: Goal,
    machine: ScaleMachine,
    options: SetVcpuStatesOptions,
    takeTurn: TakeTurn = atOnce,
    publish: Publish = atOnce,
  ): ScaleRun {
    return new ScaleRun(goal, machine, options, takeTurn, publish)
  }

  /** The ids that this run has changed so far, that were not rolled back and are so still, as far as it has looked. */
  get changed(): CpuMap {
    return this.#account.changed
  }

  /** The ids for which a request was sent whose result is not known; empty while all goes well. */
  get inDoubt(): CpuMap {
    return this.#account.inDoubt
  }

  /**
   * The result.
   *
   * @throws {@link ScaleError} when a step failed: it says what was changed, what failed, and what was not tried
   * @throws what planning throws; nothing was sent then (`outcome: 'not-sent'`)
   * @throws {@link AbortError} when aborted, with the signal's reason as its cause; {@link ScaleRun.changed} and
   *   {@link ScaleRun.inDoubt} say what had become of it by then
   */
  then<A = ScaleResult, B = never>(
    onfulfilled?: ((result: ScaleResult) => A | PromiseLike<A>) | null,
    onrejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(onfulfilled, onrejected)
  }

  /** The progress from the beginning. Leaving the loop early stops nothing. Throws as {@link ScaleRun.then} rejects. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ScaleProgress, void, undefined> {
    yield* this.#journal.read()
    await this.#result
  }

  async #run(
    goal: Goal,
    machine: ScaleMachine,
    options: SetVcpuStatesOptions,
    takeTurn: TakeTurn,
  ): Promise<ScaleResult> {
    const { signal, timeoutMs } = options
    const each = { signal, timeoutMs }
    const prepare = async (): Promise<{ readonly look: Look; readonly plan: Plan }> => {
      signal?.throwIfAborted()
      const look = await machine.look(each)
      const plan = goal.plan(look)
      const mismatch = plan.steps.length === 0 ? goal.mismatch(look) : undefined
      if (mismatch !== undefined) throw new RefusedError('ERR_UNSURE', mismatch, 0)
      await machine.check(plan.steps, look, each)
      return { look, plan }
    }
    const carryOutAll = async (): Promise<Ended> => {
      const { look, plan } = await prepare()
      const parts = { goal, machine, options, journal: this.#journal, account: this.#account }
      return carryOut(parts, plan, look).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      )
    }
    const ended = await takeTurn(carryOutAll)
      .catch((error: unknown) => {
        throw failureOf(error, goal.what, new Ledger(), signal)
      })
      .finally(() => {
        this.#journal.end()
      })
    if ('result' in ended) return ended.result
    // Once it has begun, its errors have their outcome and are frozen.
    throw ended.error
  }
}

/** How a run ended that had begun. */
type Ended = { readonly result: ScaleResult } | { readonly error: unknown }

/** Runs a task when it is its turn. */
export type TakeTurn = <T>(task: () => Promise<T>) => Promise<T>

/** Runs the whole of a run. */
export type Publish = (task: () => Promise<ScaleResult>) => Promise<ScaleResult>

const atOnce: TakeTurn = (task) => task()
