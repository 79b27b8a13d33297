import { HintBudget } from './hint-budget.ts'

/** The shortest time between two readings that nobody's call asks for, in milliseconds, however many hints come. */
const LEAST_GAP_MS = 10
/** Such a reading takes at most a fifth of the time: after one, four times what it took must pass, */
const GAP_SHARE = 4
/** but no longer than this, in milliseconds: one that QEMU was slow to answer once must not blind those after it. */
const MOST_GAP_MS = 2_000
/** How often to look without a hint while a call waits, in milliseconds: at first, and at last. */
const FIRST_WAIT_MS = 10
const LAST_WAIT_MS = 250
/** The same while only subscribers, or removals that no call waits for, would like to know. */
const IDLE_WAIT_MS = 2_000

/** For whom one looks. */
export interface Interest {
  /** Calls that wait for something which a reading shows. */
  readonly calls: boolean
  /** Removals that are open, or subscribers. */
  readonly idle: boolean
}

/**
 * When to read the slots without being asked to. Pure but for what it remembers of the looks before.
 *
 * However many hints come between two looks, one look is about all of them; and a guest that makes QEMU send events by the
 * thousand causes no more looks than the budget for hints has.
 */
export class LookPace {
  readonly #budget: HintBudget
  #hinted = false
  #urgent = false
  #wanted = false
  #waitMs = FIRST_WAIT_MS
  #lastEndMs = -Infinity
  #lastTookMs = 0

  /** @param maxHintsPerSecond - most looks in a second that hints cause, in the long run */
  constructor(maxHintsPerSecond: number) {
    this.#budget = new HintBudget(maxHintsPerSecond)
  }

  /** Something may have changed: look soon. */
  hint(): void {
    this.#hinted = true
  }

  /** What a call waits for has happened, by what was heard: look at once, whatever the looks before have cost. */
  urge(): void {
    this.#urgent = true
  }

  /** A call begins to wait: look soon, and often again. */
  restart(): void {
    this.#waitMs = FIRST_WAIT_MS
    this.#wanted = true
  }

  /** A look begins: hints from now on want another. */
  begin(nowMs: number): void {
    if (this.#hinted) this.#budget.spend(nowMs)
    this.#hinted = false
    this.#urgent = false
    this.#wanted = false
  }

  end(nowMs: number, tookMs: number): void {
    this.#lastEndMs = nowMs
    this.#lastTookMs = tookMs
    this.#waitMs = Math.min(2 * this.#waitMs, LAST_WAIT_MS)
  }

  /** How long until the next look, in milliseconds; `undefined` when there is nobody to look for. */
  nextInMs(nowMs: number, interest: Interest): number | undefined {
    if (!interest.calls && !interest.idle) return undefined
    if (this.#urgent) return 0
    const restMs = Math.min(GAP_SHARE * this.#lastTookMs, MOST_GAP_MS)
    const gapMs = Math.max(LEAST_GAP_MS, restMs)
    const timedMs = this.#wanted ? 0 : interest.calls ? this.#waitMs : IDLE_WAIT_MS
    const ownMs = Math.max(0, this.#lastEndMs + Math.max(timedMs, gapMs) - nowMs)
    if (!this.#hinted) return ownMs
    const hintedMs = Math.max(0, this.#lastEndMs + gapMs - nowMs, this.#budget.waitMs(nowMs))
    return Math.min(ownMs, hintedMs)
  }
}
