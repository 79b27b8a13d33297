import { TURN_BYTES } from './limits.ts'

/**
 * How the connections of a process share its event loop. Each message that is read is charged; once {@link TURN_BYTES} are
 * spent, a connection that has more to read waits for a later turn of the loop, in the order of asking. A turn costs
 * the share and one message at most, or one step of a long one.
 *
 * There is one loop in a process (and one of these), however many VMs its connections lead to. Where little is read nothing is
 * scheduled.
 */
export class LoopShare {
  #spentBytes = 0
  #waiting = new Set<() => void>()
  #turn: NodeJS.Immediate | undefined

  /** Has this turn of the loop been used up? */
  get isSpent(): boolean {
    return this.#spentBytes >= TURN_BYTES
  }

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** A message of so many bytes was read. */
  spend(bytes: number): void {
    this.#spentBytes += bytes
    // While nothing waits, the next turn only starts the count again: that keeps no process alive.
    if (this.isSpent && this.#turn === undefined) this.#turn = setImmediate(this.#begin).unref()
  }

  /**
   * Call `task` in a later turn, unless the function returned is called first.
   *
   * @returns gives up waiting
   */
  wait(task: () => void): () => void {
    const waiter = (): void => {
      task()
    }
    this.#waiting.add(waiter)
    this.#turn ??= setImmediate(this.#begin)
    this.#turn.ref()
    return () => {
      this.#waiting.delete(waiter)
      if (this.#waiting.size === 0) this.#turn?.unref()
    }
  }

  readonly #begin = (): void => {
    this.#turn = undefined
    this.#spentBytes = 0
    // Those of now: one that asks again waits for another turn.
    for (const waiter of [...this.#waiting]) {
      if (this.isSpent) break
      if (this.#waiting.delete(waiter)) waiter()
    }
    if (this.#waiting.size === 0) return
    this.#turn ??= setImmediate(this.#begin)
    this.#turn.ref()
  }
}

/** That of this process. */
export const loopShare = new LoopShare()
