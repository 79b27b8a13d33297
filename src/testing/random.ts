/**
 * A small seeded generator (mulberry32): the same seed gives the same numbers on every machine. Everything that a
 * simulation decides or measures out comes from one, so that a run can be repeated.
 */
export class Random {
  /** What it was made from: print it, and the run can be repeated. */
  readonly seed: number
  #state: number

  constructor(seed: number) {
    this.seed = seed >>> 0
    this.#state = this.seed
  }

  /** The next number, from 0 up to but not including 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  /** A whole number from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1))
  }

  /** One of the values of a list that has at least one. */
  pick<T>(values: readonly [T, ...T[]]): T
  pick<T>(values: readonly T[]): T | undefined
  pick<T>(values: readonly T[]): T | undefined {
    return values[this.integer(0, values.length - 1)]
  }

  /** A generator of its own for one purpose: what it gives does not depend on how much others take. */
  fork(purpose: string): Random {
    let seed = this.seed ^ 0x9e3779b9
    for (const character of purpose) seed = Math.imul(seed ^ (character.codePointAt(0) ?? 0), 0x01000193)
    return new Random(seed)
  }
}
