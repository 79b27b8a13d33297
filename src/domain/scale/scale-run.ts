import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { withOutcome } from '../../errors/vcpu-error.ts'
import { carryOut, type ApplyStep } from './carry-out.ts'
import { Journal } from './journal.ts'
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
  readonly #result: Promise<ScaleResult>

  /**
   * @param makePlan - reads the machine and plans, without changing anything
   * @param apply - carries out one step
   */
  constructor(makePlan: () => Promise<Plan>, apply: ApplyStep, options: SetVcpuStatesOptions) {
    this.#result = this.#run(makePlan, apply, options)
    // Whoever comes late must not find the process dead.
    this.#result.catch(() => undefined)
  }

  /**
   * The ids that this run has changed so far and not rolled back: also after an abort, whose error is the caller's own and
   * tells nothing.
   */
  get changed(): CpuMap {
    return this.#journal.changed
  }

  /**
   * The result.
   *
   * @throws {@link ScaleError} when a step failed: it says what was changed, what failed, and what was not tried
   * @throws what planning throws; nothing was sent then (`outcome: 'not-sent'`)
   * @throws `signal.reason` when aborted; {@link ScaleRun.changed} says what had been changed by then
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

  async #run(makePlan: () => Promise<Plan>, apply: ApplyStep, options: SetVcpuStatesOptions): Promise<ScaleResult> {
    try {
      const plan = await makePlan().catch((error: unknown) => {
        throw withOutcome(error, 'not-sent')
      })
      return await carryOut(plan, apply, options, this.#journal)
    } finally {
      this.#journal.end()
    }
  }
}
