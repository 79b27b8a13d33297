import { InputError } from '../errors/input-error.ts'
import type { Clock, Timer } from '../wire/clock.ts'
import { quiescence } from './quiescence.ts'
import { StalledError } from './stalled-error.ts'

/** How far {@link VirtualClock.run} goes unless its caller says otherwise: a day, in milliseconds. */
const DEFAULT_LIMIT_MS = 86_400_000
/** Timers that may fire one after the other without time passing. */
const MAX_TIMERS_AT_ONCE = 100_000

interface VirtualTimer {
  readonly at: number
  readonly task: () => void
}

/**
 * A clock that stands still until it is told to go on. Timers fire in the order of their times, those of one time in the
 * order in which they were set; before each of them everything that can happen without time passing has happened, so that a
 * run is the same every time.
 */
export class VirtualClock implements Clock {
  /** Ascending by time, then by age. */
  readonly #timers: VirtualTimer[] = []
  #now = 0
  #firedNow = 0
  /** Callers who move time take turns. */
  #turn: Promise<unknown> = Promise.resolve()

  now(): number {
    return this.#now
  }

  /** How many timers have neither fired nor been cancelled. */
  get pending(): number {
    return this.#timers.length
  }

  after(ms: number, task: () => void): Timer {
    if (Number.isNaN(ms)) throw new InputError('ERR_CLOCK', 'a timer of NaN ms, expected a number')
    const timer: VirtualTimer = { at: this.#now + Math.max(0, ms), task }
    this.#timers.splice(this.#placeOf(timer.at), 0, timer)
    return {
      cancel: () => {
        const place = this.#timers.indexOf(timer)
        if (place !== -1) this.#timers.splice(place, 1)
      },
      // A virtual timer never keeps the process alive.
      unref: () => undefined,
    }
  }

  /**
   * Let `ms` milliseconds pass: everything due by then happens, at its time.
   *
   * @throws what a timer's task throws; {@link StalledError} when tasks set timers of 0 ms for ever
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0 && ms < Infinity)) throw new InputError('ERR_CLOCK', `cannot advance by ${ms} ms, expected 0 or more`)
    const end = this.#now + ms
    while (await this.#step(end)) continue
    this.#now = Math.max(this.#now, end)
  }

  /**
   * Let time pass until `promise` settles, from one timer to the next.
   *
   * @param options - `limitMs`: how much time may pass; a day unless given
   * @returns what `promise` resolves with
   * @throws what it rejects with; {@link StalledError} when no timer is left and it has not settled, or at the limit
   */
  async run<T>(promise: Promise<T>, options: { readonly limitMs?: number } = {}): Promise<T> {
    const { limitMs = DEFAULT_LIMIT_MS } = options
    const end = this.#now + limitMs
    const wait = { isOver: false }
    const settle = (): void => {
      wait.isOver = true
    }
    promise.then(settle, settle)
    while (await this.#step(end, () => wait.isOver)) continue
    if (wait.isOver) return promise
    throw new StalledError(
      this.pending === 0
        ? `nothing is left that could settle the promise: no timer is pending at ${this.#now} ms`
        : `the promise has not settled after ${limitMs} ms; ${this.pending} timers are pending`,
    )
  }

  /** Come to rest, then fire the next timer up to `end`; `false` when there is none, or `isDone`. */
  #step(end: number, isDone = (): boolean => false): Promise<boolean> {
    const step = this.#turn.then(async () => {
      await quiescence()
      const [next] = this.#timers
      if (isDone() || next === undefined || next.at > end) return false
      this.#firedNow = next.at > this.#now ? 1 : this.#firedNow + 1
      if (this.#firedNow > MAX_TIMERS_AT_ONCE) {
        throw new StalledError(`${MAX_TIMERS_AT_ONCE} timers have fired at ${this.#now} ms, and each sets another`)
      }
      this.#timers.shift()
      this.#now = Math.max(this.#now, next.at)
      next.task()
      return true
    })
    this.#turn = step.catch(() => undefined)
    return step
  }

  /** Behind every timer of that time or earlier. */
  #placeOf(at: number): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#timers[middle]?.at ?? Infinity) <= at) low = middle + 1
      else high = middle
    }
    return low
  }
}
