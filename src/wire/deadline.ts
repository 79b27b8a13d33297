import { timeoutOf, type CallOptions } from './call-options.ts'

/**
 * One budget of time for a call that makes several: each step gets what is left of it. The clock is monotonic.
 */
export class Deadline {
  readonly signal: AbortSignal | undefined
  /** The whole budget, in milliseconds: for messages. */
  readonly timeoutMs: number
  readonly #endsAtMs: number

  constructor(options: CallOptions, defaultMs: number) {
    this.signal = options.signal
    this.timeoutMs = timeoutOf(options, defaultMs)
    this.#endsAtMs = performance.now() + this.timeoutMs
  }

  /** What is left, in milliseconds; 0 or less when it is over. */
  get leftMs(): number {
    return this.#endsAtMs - performance.now()
  }

  /** The bounds of the next step. A step gets at least a millisecond: it fails by time-out, not by its argument. */
  options(): { readonly signal: AbortSignal | undefined; readonly timeoutMs: number } {
    return { signal: this.signal, timeoutMs: Math.max(1, Math.ceil(this.leftMs)) }
  }
}
