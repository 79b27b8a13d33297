import type { Clock } from '../clock.ts'

/** Wakes one waiter, who may be about to wait only: a ring is not lost. */
export class Bell {
  readonly #clock: Clock
  #hasRung = false
  #wake: () => void = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  ring(): void {
    this.#hasRung = true
    this.#wake()
  }

  /** Until it rings (or has rung since the last wait), or `ms` have passed. */
  async wait(ms: number): Promise<void> {
    if (!this.#hasRung) {
      await new Promise<void>((resolve) => {
        const cancel = this.#clock.after(ms, resolve)
        this.#wake = () => {
          cancel()
          resolve()
        }
      })
      this.#wake = () => undefined
    }
    this.#hasRung = false
  }
}
