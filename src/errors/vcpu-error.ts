/**
 * What is known about a change when its call fails.
 *
 * - `not-sent`: nothing left this process; the state is what it was.
 * - `rejected`: the request was sent and refused; the state is what it was.
 * - `partial`: some of it was done; the error says which part.
 * - `unknown`: it was sent and nobody knows (yet); read the maps again.
 */
export type Outcome = 'not-sent' | 'rejected' | 'partial' | 'unknown'

/** What every error of this package can carry beside its message. */
export interface VcpuErrorOptions extends ErrorOptions {
  readonly outcome?: Outcome | undefined
}

/**
 * Base class of every error that this package makes itself. Branch on the class or on {@link VcpuError.code}, never on
 * the text. A call that was aborted rejects with its `signal.reason` instead, which is the caller's own.
 */
export abstract class VcpuError extends Error {
  abstract override readonly name: string
  /** Stable, machine-readable reason, beginning with `ERR_`. */
  readonly code: string
  /** What became of the change; `undefined` for calls that change nothing. */
  readonly outcome: Outcome | undefined

  constructor(code: string, message: string, options: VcpuErrorOptions = {}) {
    super(message, options)
    this.code = code
    this.outcome = options.outcome
  }
}

/**
 * Say what a failed step means for the whole change: only the layer that knows which steps went before can. Errors that
 * are not this package's (a caller's `signal.reason`) pass through untouched.
 */
export function withOutcome<E>(error: E, outcome: Outcome): E {
  if (error instanceof VcpuError) Object.defineProperty(error, 'outcome', { value: outcome })
  return error
}
