import type { Clock } from '../../index.ts'

/** Wakes one waiter, also one that is only about to wait: a call of `wake` is not lost. */
export class Wakeup {
  readonly #clock: Clock
  #isDue = false
  #resolve: () => void = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wake(): void {
    this.#isDue = true
    this.#resolve()
  }

  /** Until `wake` is called (or was since the last wait), or `ms` have passed. */
  async wait(ms: number): Promise<void> {
    if (!this.#isDue) {
      await new Promise<void>((resolve) => {
        const timer = this.#clock.after(ms, resolve)
        this.#resolve = () => {
          timer.cancel()
          resolve()
        }
      })
      this.#resolve = () => undefined
    }
    this.#isDue = false
  }
}
