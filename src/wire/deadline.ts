import { timeoutOf, type CallOptions } from './call-options.ts'
import { systemClock, type Clock } from './clock.ts'

/**
 * One budget of time for a call that makes several: each step gets what is left of it.
 */
export class Deadline {
  readonly signal: AbortSignal | undefined
  /** The whole budget, in milliseconds: for messages. */
  readonly timeoutMs: number
  /** What it goes by. */
  readonly clock: Clock
  #endsAtMs: number

  constructor(options: CallOptions, defaultMs: number, clock: Clock = systemClock) {
    this.signal = options.signal
    this.timeoutMs = timeoutOf(options, defaultMs)
    this.clock = clock
    this.#endsAtMs = clock.now() + this.timeoutMs
  }

  /** What is left, in milliseconds; 0 or less when it is over. */
  get leftMs(): number {
    return this.#endsAtMs - this.clock.now()
  }

  /** The same budget, for messages too, that ends `ms` milliseconds sooner: what comes after it needs time as well. */
  earlier(ms: number): Deadline {
    const { signal, timeoutMs } = this
    const sooner = new Deadline({ signal, timeoutMs }, timeoutMs, this.clock)
    sooner.#endsAtMs = this.#endsAtMs - ms
    return sooner
  }

  /** The bounds of the next step. A step gets at least a millisecond: it fails by time-out, not by its argument. */
  options(): { readonly signal: AbortSignal | undefined; readonly timeoutMs: number } {
    return { signal: this.signal, timeoutMs: Math.max(1, Math.ceil(this.leftMs)) }
  }

  /** The same for a step that keeps time itself. */
  timed(): ReturnType<Deadline['options']> & { readonly clock: Clock } {
    return { ...this.options(), clock: this.clock }
  }
}
