/** The bounds of one wait. */
export interface Bounds {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs: number
  /** Makes the error that the wait ends with when its time is up. */
  readonly onTimeout: () => Error
}

/**
 * Wait for `promise`, but not beyond its bounds. The promise itself goes on; this wait leaves neither a timer nor a
 * listener behind.
 */
export async function bounded<T>(promise: Promise<T>, bounds: Bounds): Promise<T> {
  const { signal, timeoutMs, onTimeout } = bounds
  // Nobody may be waiting for it by the time it fails; that is no uncaught error.
  promise.catch(() => undefined)
  signal?.throwIfAborted()
  let release = (): void => undefined
  const limit = new Promise<never>((_, reject) => {
    const onAbort = (): void => {
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      reject(onTimeout())
    }, timeoutMs)
    signal?.addEventListener('abort', onAbort, { once: true })
    release = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  })
  try {
    return await Promise.race([promise, limit])
  } finally {
    release()
  }
}
