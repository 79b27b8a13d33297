import { ContradictionError } from '../../errors/contradiction-error.ts'
import { ConnectionError, TimeoutError } from '../../errors/peer-errors.ts'

/** For how long a lost monitor is dialled before waits that rely on it end, in milliseconds: a QEMU restart is shorter. */
const LOST_GRACE_MS = 3_000
/** How many nonsensical or refused readings in a row end them. */
const MOST_FAILURES = 3

/** Looks that failed since the last one that did not, and whether it is any use to look on. */
export class LookFailures {
  #lostSinceMs: number | undefined
  #nonsense = 0

  clear(): void {
    this.#lostSinceMs = undefined
    this.#nonsense = 0
  }

  /** Take note of a failed look. @returns whether waits that rely on looking should end with its error */
  note(error: unknown, nowMs: number): boolean {
    // QEMU may be slow, or in the middle of it: the next look shows.
    if (error instanceof TimeoutError || error instanceof ContradictionError) return false
    if (error instanceof ConnectionError) {
      // Another client holds the monitor for a while: it will be ours again.
      if (error.code === 'ERR_MONITOR_BUSY') return false
      this.#lostSinceMs ??= nowMs
      return nowMs - this.#lostSinceMs >= LOST_GRACE_MS
    }
    return ++this.#nonsense >= MOST_FAILURES
  }
}
