import { abortable } from '../../wire/abort.ts'
import { bounded } from '../../wire/bounded.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { ExecutorError } from '../../errors/executor-error.ts'
import { TimeoutError } from '../../errors/peer-errors.ts'
import { VcpuError } from '../../errors/vcpu-error.ts'
import type { ChangeStep, ChangeStepName, OnStep } from '../results.ts'

/** The account of one change while it goes on. */
export class Steps {
  readonly #startMs: number
  readonly #deadline: Deadline
  readonly #done: ChangeStep[] = []
  readonly #ended: AbortSignal
  readonly #onStep: OnStep | undefined

  /** @param ended - aborts when the domain closes */
  constructor(deadline: Deadline, ended: AbortSignal, onStep?: OnStep) {
    this.#startMs = deadline.clock.now()
    this.#deadline = deadline
    this.#ended = ended
    this.#onStep = onStep
  }

  /** What has been done so far. */
  get done(): readonly ChangeStep[] {
    return [...this.#done]
  }

  /**
   * Note a step. The change waits for what the caller does at it, such as pinning the new vCPU's thread.
   *
   * @throws {@link ExecutorError} for what the caller's function throws or rejects with, unless it is an error of this
   *   package or the signal's reason: the change ends at this step; what the domain was closed with
   */
  async note(step: ChangeStepName, detail: string): Promise<void> {
    const done = { step, detail, atMs: Math.round(this.#deadline.clock.now() - this.#startMs) }
    this.#done.push(done)
    const waiting = this.#call(done)
    if (waiting === undefined) return
    const { timeoutMs } = this.#deadline
    await bounded(abortable(waiting, this.#ended), {
      ...this.#deadline.options(),
      clock: this.#deadline.clock,
      onTimeout: () => new TimeoutError(`onStep did not end at ${step} within ${timeoutMs} ms`),
    })
  }

  #call(done: ChangeStep): Promise<void> | undefined {
    const fail = (cause: unknown): never => {
      const { signal } = this.#deadline
      const isOwn = cause instanceof VcpuError || (signal?.aborted === true && cause === signal.reason)
      throw isOwn ? cause : new ExecutorError(cause, undefined, `onStep at ${done.step}`)
    }
    try {
      const waiting = this.#onStep?.(done)
      return waiting === undefined ? undefined : Promise.resolve(waiting).catch(fail)
    } catch (cause) {
      return fail(cause)
    }
  }
}
