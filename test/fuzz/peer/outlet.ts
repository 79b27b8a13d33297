import type { Duplex } from 'node:stream'
import type { Clock, Timer } from '../../../src/wire/clock.ts'

/** What happens on the way to a client, one after the other. */
export type Act =
  | { readonly do: 'write'; readonly bytes: Uint8Array }
  | { readonly do: 'wait'; readonly ms: number }
  /** Written so much later, and what follows does not wait. */
  | { readonly do: 'write-later'; readonly bytes: Uint8Array; readonly ms: number }
  /** The connection ends. */
  | { readonly do: 'end' }
  /** Nothing else happens. */
  | { readonly do: 'stop' }

/** The way to one client: keeps the order of what happens on it, and takes its time. */
export class Outlet {
  readonly #client: Duplex
  readonly #clock: Clock
  readonly #queue: Act[] = []
  readonly #timers = new Set<Timer>()
  #isWaiting = false
  #isOver = false

  constructor(client: Duplex, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  /** Let these happen after all that is to happen already. */
  add(...acts: readonly Act[]): void {
    this.#queue.push(...acts)
    if (!this.#isWaiting) this.#go()
  }

  /** Nothing else happens, and no timer is left. */
  close(): void {
    this.#isOver = true
    for (const timer of this.#timers) timer.cancel()
    this.#timers.clear()
  }

  #go(): void {
    this.#isWaiting = false
    while (!this.#isOver) {
      const act = this.#queue.shift()
      if (act === undefined) return
      switch (act.do) {
        case 'write':
          this.#write(act.bytes)
          break
        case 'write-later':
          this.#after(act.ms, () => {
            this.#write(act.bytes)
          })
          break
        case 'wait':
          this.#isWaiting = true
          this.#after(act.ms, () => {
            this.#go()
          })
          return
        case 'end':
          this.#client.end()
          break
        case 'stop':
          this.#isOver = true
      }
    }
  }

  #write(bytes: Uint8Array): void {
    if (!this.#isOver && this.#client.writable) this.#client.write(bytes)
  }

  #after(ms: number, task: () => void): void {
    const timer = this.#clock.after(ms, () => {
      this.#timers.delete(timer)
      task()
    })
    this.#timers.add(timer)
  }
}
