import type { Clock } from '../../index.ts'

/** How often in a second a waiter is woken at most: a guest can cause events without end. */
const MOST_PER_SECOND = 10
const SECOND_MS = 1_000

/**
 * Wakes one waiter, also one that is only about to wait: a call of `wake` is not lost. Many calls wake it as often as its rate
 * allows, and once more after the last.
 */
export class Wakeup {
  readonly #clock: Clock
  #isDue = false
  #isOver = false
  #resolve: () => void = () => undefined
  /** When it was woken, the last times. */
  #wokenAtMs: readonly number[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  wake(): void {
    this.#isDue = true
    this.#resolve()
  }

  /** Nothing is waited for any longer. */
  end(): void {
    this.#isOver = true
    this.#resolve()
  }

  /** Until `wake` is called (or was since the last wait), or `ms` have passed. */
  async wait(ms: number): Promise<void> {
    await this.#until(ms, () => this.#isDue)
    if (this.#isDue) {
      const first = this.#wokenAtMs.length < MOST_PER_SECOND ? -Infinity : (this.#wokenAtMs[0] ?? -Infinity)
      await this.#until(first + SECOND_MS - this.#clock.now(), () => false)
      this.#wokenAtMs = [...this.#wokenAtMs, this.#clock.now()].slice(-MOST_PER_SECOND)
    }
    this.#isDue = false
  }

  async #until(ms: number, isOver: () => boolean): Promise<void> {
    if (ms <= 0 || this.#isOver || isOver()) return
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(ms, resolve)
      this.#resolve = () => {
        if (!this.#isOver && !isOver()) return
        timer.cancel()
        resolve()
      }
    })
    this.#resolve = () => undefined
  }
}
