import { printable } from './quote.ts'
import { shownError } from './shown-error.ts'

/** Node's name of the method that `util.inspect`, and so `console.error` and an uncaught error, call. */
export const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/** `util.inspect`, which hands itself over. */
export type Inspect = (value: unknown, options?: object) => string

/**
 * An error as `util.inspect` shows it, without a character in it that could forge a line of a log or steer a terminal: not in its
 * fields, nor in causes that are not this package's.
 *
 * @param isOwn - is a cause one of this package, which shows itself?
 */
export function inspectError(
  error: Error,
  options: object,
  inspect: Inspect,
  isOwn: (cause: unknown) => boolean,
): string {
  const copy = new Error(error.message)
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(error))) {
    const value: unknown = descriptor.value
    const isForeign = value instanceof Error && !isOwn(value)
    Object.defineProperty(copy, key, isForeign ? { ...descriptor, value: shownError(value) } : descriptor)
  }
  // Without this very method, which would be called again.
  const prototype = Object.create(Object.getPrototypeOf(error) as object, { [INSPECT]: { value: undefined } }) as object
  Object.setPrototypeOf(copy, prototype)
  // No colours: a peer's escape sequences and inspect's own could not be distinguished.
  return inspect(copy, { ...options, colors: false })
    .split('\n')
    .map(printable)
    .join('\n')
}
