import { KitError } from './kit-error.ts'

/** A promise together with what settles it. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T) => void
  readonly reject: (error: unknown) => void
}

/** Makes a {@link Deferred} whose rejection, if nobody waits for it, is not an unhandled one. */
export function defer<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined
  let reject: (error: unknown) => void = () => undefined
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue
    reject = onError
  })
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}

/**
 * `promise`, but for no longer than `timeoutMs`.
 *
 * @param what completes "… within N ms" in the error, `the guest did not boot`
 * @throws KitError when the time is up.
 */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  const late = defer<never>()
  const timer = setTimeout(() => {
    late.reject(new KitError(`${what} within ${timeoutMs} ms`))
  }, timeoutMs)
  try {
    return await Promise.race([promise, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
