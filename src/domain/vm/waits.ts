import { bounded } from '../../wire/bounded.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { VmState } from './state.ts'

/** What one waits for: its value once the state shows it, `undefined` until then. */
export type Predicate<T> = (state: VmState) => T | undefined

/** How one wait is bounded, and what helps it. */
export interface WaitOptions {
  readonly deadline: Deadline
  /** Readings of the slots may show it. */
  readonly looks: boolean
  /** Makes the error that the wait ends with when its time is up. */
  readonly onTimeout: () => Error
}

interface Wait {
  readonly looks: boolean
  /** Is it over, now that the state is this? */
  readonly check: (state: VmState) => boolean
  readonly fail: (error: Error) => void
}

/** The calls that wait for the state to become what they want. Each ends once, and leaves nothing behind. */
export class Waits {
  /** Made for the first one: nothing is held for a VM that nothing is asked of. */
  #waits: Set<Wait> | undefined

  /** Does any call wait for what a reading would show? */
  get wantLooks(): boolean {
    for (const { looks } of this.#waits ?? []) if (looks) return true
    return false
  }

  /** Wait until `predicate` has a value. It throws to end the wait with an error. */
  async until<T>(state: VmState, predicate: Predicate<T>, options: WaitOptions): Promise<T> {
    const already = predicate(state)
    if (already !== undefined) return already
    if (state.closedBy !== undefined) throw state.closedBy
    let wait: Wait | undefined
    const answer = new Promise<T>((resolve, reject) => {
      wait = { looks: options.looks, check: (next) => settle(next, predicate, resolve, reject), fail: reject }
      this.#waits = (this.#waits ?? new Set<Wait>()).add(wait)
    })
    try {
      return await bounded(answer, {
        ...options.deadline.options(),
        clock: options.deadline.clock,
        onTimeout: options.onTimeout,
      })
    } finally {
      if (wait !== undefined) this.#waits?.delete(wait)
    }
  }

  /** The state has changed. */
  check(state: VmState): void {
    for (const wait of [...(this.#waits ?? [])]) if (wait.check(state)) this.#waits?.delete(wait)
  }

  /** Looking leads nowhere: end the waits that rely on it. */
  failLooking(error: Error): void {
    for (const wait of [...(this.#waits ?? [])]) {
      if (!wait.looks) continue
      this.#waits?.delete(wait)
      wait.fail(error)
    }
  }
}

function settle<T>(
  state: VmState,
  predicate: Predicate<T>,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): boolean {
  try {
    const value = predicate(state)
    if (value !== undefined) resolve(value)
    else if (state.closedBy !== undefined) reject(state.closedBy)
    else return false
  } catch (error) {
    reject(error)
  }
  return true
}
