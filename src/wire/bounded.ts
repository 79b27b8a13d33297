import { onAbort } from './abort.ts'
import { systemClock, type Clock } from './clock.ts'

/** The bounds of one wait. */
export interface Bounds {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs: number
  /** Makes the error that the wait ends with when its time is up. */
  readonly onTimeout: () => Error
  /** What the time-out goes by. */
  readonly clock?: Clock | undefined
}

/**
 * Wait for `promise`, but not beyond its bounds. The promise itself goes on; this wait leaves neither a timer nor a
 * listener behind.
 */
export async function bounded<T>(promise: Promise<T>, bounds: Bounds): Promise<T> {
  const { signal, timeoutMs, onTimeout, clock = systemClock } = bounds
  // Its wait may have ended by the time it fails; that is no uncaught error.
  promise.catch(() => undefined)
  signal?.throwIfAborted()
  let release = (): void => undefined
  const limit = new Promise<never>((_, reject) => {
    const timer = clock.after(timeoutMs, () => {
      reject(onTimeout())
    })
    const unwatch = onAbort(signal, reject)
    release = () => {
      timer.cancel()
      unwatch()
    }
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    release()
  }
}
