import { onTestFinished } from 'vitest'
import { StalledError } from '../../src/testing/stalled-error.ts'
import { VirtualClock } from '../../src/testing/index.ts'

/** For how long {@link PassingClock.until} goes on, in virtual milliseconds: longer than any default time-out. */
const LONGEST_MS = 120_000

/**
 * A virtual clock whose time passes by itself, but only when nothing else can happen in this process: a test awaits its calls
 * as usual, and none of them takes any real time. What comes from outside the process (sockets, files) it does not wait for.
 */
export class PassingClock extends VirtualClock {
  #isPassing = false
  #isOver = false
  #end = (): void => undefined
  readonly #over = new Promise<void>((resolve) => {
    this.#end = resolve
  })

  override after(ms: number, task: () => void) {
    const timer = super.after(ms, task)
    void this.#pass()
    return timer
  }

  /** Resolves when `ms` milliseconds have passed. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(ms, resolve)
    })
  }

  /** Resolves when `condition` holds: now, or after so many milliseconds as it takes. */
  async until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const endMs = this.now() + LONGEST_MS
    for (let waitMs = 0; this.now() < endMs; waitMs = 1) {
      await this.sleep(waitMs)
      if (await condition()) return
    }
    throw new Error(`after ${LONGEST_MS} ms it still does not hold: ${condition.toString()}`)
  }

  /** Time stands still from here on. */
  stop(): void {
    this.#isOver = true
    this.#end()
  }

  async #pass(): Promise<void> {
    if (this.#isPassing) return
    this.#isPassing = true
    while (this.pending > 0 && !this.#isOver) {
      try {
        await this.run(this.#over)
      } catch (error) {
        // Nothing is left to wait for: time goes on with the next timer.
        if (!(error instanceof StalledError)) throw error
      }
    }
    this.#isPassing = false
  }
}

let current: PassingClock | undefined

/** The clock of the test that runs: the same for all that it makes, and at its beginning for each test. */
export function testClock(): PassingClock {
  if (current !== undefined) return current
  const clock = new PassingClock()
  current = clock
  onTestFinished(() => {
    clock.stop()
    current = undefined
  })
  return clock
}

/** Resolves when `condition` holds in the time of {@link testClock}. */
export function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  return testClock().until(condition)
}
