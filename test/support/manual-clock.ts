import type { Clock, Timer } from '../../src/wire/clock.ts'

/** Time that stands still until a test moves it. */
export class ManualClock implements Clock {
  #nowMs = 0
  readonly #timers = new Set<{ readonly atMs: number; readonly task: () => void }>()

  /** Timers that have neither fired nor been cancelled. */
  get armed(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  after(ms: number, task: () => void): Timer {
    const timer = { atMs: this.#nowMs + ms, task }
    this.#timers.add(timer)
    return {
      cancel: () => {
        this.#timers.delete(timer)
      },
      unref: () => undefined,
    }
  }

  /** Move on by `ms` milliseconds; whatever is due fires in its order, and what that leads to happens in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    for (;;) {
      await settled()
      const [next] = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((one, other) => one.atMs - other.atMs)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.task()
    }
    this.#nowMs = endMs
    await settled()
  }
}

/** Everything that is on its way in this process has arrived. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve))
}
