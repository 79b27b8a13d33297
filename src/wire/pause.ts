import { onAbort } from './abort.ts'
import type { Clock } from './clock.ts'

/**
 * Wait for `ms` milliseconds of this clock. Leaves neither a timer nor a listener behind.
 *
 * @throws `signal.reason` when the signal aborts first
 */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const timer = clock.after(ms, () => {
      release()
      resolve()
    })
    const release = onAbort(signal, (reason) => {
      timer.cancel()
      reject(reason)
    })
  })
}
