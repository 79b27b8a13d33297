import type { Clock } from './clock.ts'
import {
  CHEAP_REDIAL_INTERVAL_MS,
  MAX_CHEAP_REDIAL_PAUSE_MS,
  MAX_REDIAL_PAUSE_MS,
  PROVEN_AFTER_MS,
  REDIAL_PAUSE_MS,
} from './defaults.ts'
import { pause } from './pause.ts'

/** What a dial that made no working connection has cost: `cheap` where nothing had to be waited for. */
export type DialCost = 'cheap' | 'dear'

/** How many connections of the process pause before their next dial. */
export interface RedialCrowd {
  waiting: number
}

const processCrowd: RedialCrowd = { waiting: 0 }

/**
 * When the next dial may begin: each failure doubles the pause, up to a limit that depends on what the last one cost. Where
 * many connections of the process fail cheaply at once, they share a rate.
 */
export class RedialPace {
  readonly #clock: Clock
  readonly #random: () => number
  readonly #crowd: RedialCrowd
  /** The next pause, its jitter apart; 0 after a connection that worked. */
  #pauseMs = 0
  #nextDialAtMs = 0

  constructor(clock: Clock, random: () => number, crowd = processCrowd) {
    this.#clock = clock
    this.#random = random
    this.#crowd = crowd
  }

  /**
   * Resolves when the next dial may begin.
   *
   * @throws the signal's reason
   */
  async wait(signal: AbortSignal): Promise<void> {
    const waitMs = this.#nextDialAtMs - this.#clock.now()
    if (this.#pauseMs === 0 || waitMs <= 0) return
    this.#crowd.waiting++
    try {
      await pause(this.#clock, waitMs, signal)
    } finally {
      this.#crowd.waiting--
    }
  }

  /** A dial made no connection, or one that did not work. */
  failed(cost: DialCost): void {
    const doubled = this.#pauseMs === 0 ? REDIAL_PAUSE_MS : this.#pauseMs * 2
    // A long outage that cost nothing does not make the pause after a dear failure longer.
    this.#pauseMs = Math.min(doubled, cost === 'cheap' ? this.#mostWhenCheap() : MAX_REDIAL_PAUSE_MS)
    // Half of it at least: many VMs of one host must not dial in step.
    this.#nextDialAtMs = this.#clock.now() + this.#pauseMs * (0.5 + this.#random() / 2)
  }

  /**
   * A connection was lost.
   *
   * @param hasAnswered - it answered a command
   * @param livedMs - how long it was there
   */
  lost(hasAnswered: boolean, livedMs: number): void {
    // A peer that answers a little and hangs up each time is no better than one that refuses.
    if (livedMs > (hasAnswered ? PROVEN_AFTER_MS : MAX_REDIAL_PAUSE_MS)) this.#pauseMs = 0
    else this.failed('dear')
  }

  #mostWhenCheap(): number {
    const shared = this.#crowd.waiting * CHEAP_REDIAL_INTERVAL_MS
    return Math.min(Math.max(MAX_CHEAP_REDIAL_PAUSE_MS, shared), MAX_REDIAL_PAUSE_MS)
  }
}
