import { TimeoutError } from '../errors/peer-errors.ts'
import { bounded } from './bounded.ts'
import { systemClock, type Clock } from './clock.ts'
import type { Deadline } from './deadline.ts'

/** What the first task waits for. */
const ENDED = Promise.resolve()

/**
 * Runs tasks one at a time, in the order in which they came. Waiting for one's turn counts against one's own deadline;
 * a task whose wait ended that way never runs.
 */
export class TurnQueue {
  readonly #what: string
  readonly #clock: Clock
  #last: Promise<unknown> = ENDED
  #length = 0

  /** @param what - for messages: what one waits for, such as `the change before it` */
  constructor(what: string, clock: Clock = systemClock) {
    this.#what = what
    this.#clock = clock
  }

  /** How many tasks run or wait. */
  get length(): number {
    return this.#length
  }

  /**
   * Run `task` when all before it have ended, however they ended.
   *
   * @throws {@link TimeoutError} `outcome: 'not-sent'` when the deadline passes before its turn comes
   */
  async run<T>(deadline: Deadline, name: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last
    let done = (): void => undefined
    this.#last = new Promise<void>((resolve) => {
      done = resolve
    }).then(() => before)
    const isFree = this.#length++ === 0
    try {
      // Free: no wait, and no timer for one.
      if (isFree) deadline.signal?.throwIfAborted()
      else await this.#wait(before, deadline, name)
      return await task()
    } finally {
      this.#length--
      done()
    }
  }
  async #wait(before: Promise<unknown>, deadline: Deadline, name: string): Promise<void> {
    const onTimeout = (): TimeoutError =>
      new TimeoutError(`${name}: ${this.#what} did not end within ${deadline.timeoutMs} ms`, { outcome: 'not-sent' })
    await bounded(before, { ...deadline.options(), clock: this.#clock, onTimeout })
    // The task before it may have ended for the same reason, at the same moment.
    if (deadline.leftMs <= 0) throw onTimeout()
  }
}
