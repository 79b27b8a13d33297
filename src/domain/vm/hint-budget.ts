const SECOND_MS = 1_000
/** What the sums of fractions may be off by, in milliseconds. */
const ROUNDING_MS = 1e-6

/**
 * How many looks hints may cause: a bucket of a second's tokens, full at first, that fills again evenly. What is in it is
 * spent at once where hints come rarely, so that each is looked at without delay; under a flood looks come at its rate.
 */
export class HintBudget {
  /** In which a token comes, in milliseconds. */
  readonly #everyMs: number
  /** When the bucket will be full again. */
  #fullAtMs = -Infinity

  /** @param perSecond - how many tokens come in a second, and how many it holds */
  constructor(perSecond: number) {
    this.#everyMs = SECOND_MS / perSecond
  }

  /** How long until there is a token, in milliseconds. */
  waitMs(nowMs: number): number {
    return Math.max(0, Math.ceil(this.#fullAtMs + this.#everyMs - SECOND_MS - nowMs - ROUNDING_MS))
  }

  /** Spend a token, where there is one. */
  spend(nowMs: number): void {
    this.#fullAtMs = Math.min(Math.max(this.#fullAtMs, nowMs) + this.#everyMs, nowMs + SECOND_MS)
  }
}
