import type { Clock } from '../../src/index.ts'
import type { End } from './tally.ts'

/** A promise that has not settled by then. */
export class NeverSettledError extends Error {
  override readonly name = 'NeverSettledError'
}

/**
 * How a call ends, or that it does not: no call may take longer than its own bounds and some slack for a slow host.
 *
 * @throws {@link NeverSettledError}
 */
export function fenced(clock: Clock, what: string, ms: number, promise: PromiseLike<unknown>): Promise<End> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => {
      reject(new NeverSettledError(`${what} has not settled after ${ms} ms`))
    })
    const settle = (end: End): void => {
      timer.cancel()
      resolve(end)
    }
    promise.then(
      (value) => {
        settle({ state: 'done', value })
      },
      (error: unknown) => {
        settle({ state: 'failed', error })
      },
    )
  })
}

/** Resolves when `ms` milliseconds have passed, or at once when `signal` aborts. */
export function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      timer.cancel()
      signal?.removeEventListener('abort', over)
      resolve()
    }
    const timer = clock.after(ms, over)
    signal?.addEventListener('abort', over)
    if (signal?.aborted === true) over()
  })
}
