import type { ChangeStep, ChangeStepName } from '../results.ts'

/** The account of one change while it goes on. */
export class Steps {
  readonly #startMs = performance.now()
  readonly #done: ChangeStep[] = []
  readonly #onStep: ((step: ChangeStep) => void) | undefined

  /** @param onStep - told of each step as it is done */
  constructor(onStep?: (step: ChangeStep) => void) {
    this.#onStep = onStep
  }

  /** What has been done so far. */
  get done(): readonly ChangeStep[] {
    return [...this.#done]
  }

  note(step: ChangeStepName, detail: string): void {
    const done = { step, detail, atMs: Math.round(performance.now() - this.#startMs) }
    this.#done.push(done)
    this.#onStep?.(done)
  }
}
