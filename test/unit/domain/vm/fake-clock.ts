import type { Clock } from '../../../../src/wire/clock.ts'

/** A clock that a test moves. */
export class FakeClock implements Clock {
  readonly #timers = new Map<object, { readonly atMs: number; readonly task: () => void }>()
  #nowMs = 0

  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    return this.#nowMs
  }

  after(ms: number, task: () => void): { cancel: () => void; unref: () => void } {
    const name = {}
    this.#timers.set(name, { atMs: this.#nowMs + ms, task })
    return { cancel: () => void this.#timers.delete(name), unref: () => undefined }
  }

  pass(ms: number): void {
    this.#nowMs += ms
    for (const [name, { atMs, task }] of [...this.#timers]) {
      if (atMs > this.#nowMs || !this.#timers.delete(name)) continue
      task()
    }
  }
}
