import type { Outcome, VcpuError } from './vcpu-error.ts'

/**
 * The same error with the outcome of the whole change, which only the call that kept account of it knows. A new object,
 * frozen: an error that somebody holds is never altered.
 */
export function restate<E extends VcpuError>(error: E, outcome: Outcome): E {
  if (error.outcome === outcome && Object.isFrozen(error)) return error
  // A true Error and not only an object with its prototype: inspectors and structuredClone tell the difference.
  const copy = new Error(error.message, { cause: error.cause })
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object)
  // One descriptor in place of the other: what is copied of a frozen error cannot be defined again.
  const descriptors = { ...Object.getOwnPropertyDescriptors(error), outcome: { value: outcome, enumerable: true } }
  Object.defineProperties(copy, descriptors)
  return Object.freeze(copy) as E
}
