import type { Clock } from '../../src/testing/index.ts'

/** A clock of one subject's own, which knows how many of its timers have neither fired nor been cancelled. */
export class CountingClock implements Clock {
  readonly #clock: Clock
  #pending = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get pending(): number {
    return this.#pending
  }

  now(): number {
    return this.#clock.now()
  }

  after(ms: number, task: () => void): ReturnType<Clock['after']> {
    let isPending = true
    this.#pending++
    const over = (): void => {
      if (isPending) this.#pending--
      isPending = false
    }
    const timer = this.#clock.after(ms, () => {
      over()
      task()
    })
    return {
      cancel: () => {
        over()
        timer.cancel()
      },
      unref: () => {
        timer.unref()
      },
    }
  }
}
