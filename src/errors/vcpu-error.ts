import { INSPECT, inspectError } from './inspect-error.ts'
import { foreignText, foreignValue, printableValue } from './quote.ts'
import { vmOf } from './vm-names.ts'

/** Most characters of a message of this package: a run of thousands of vCPUs names them. */
const MAX_OWN_MESSAGE = 20_000
/** Most characters of a foreign message, and most causes in a row, in an error as JSON. */
const MAX_MESSAGE = 1_000
const MAX_CAUSES = 16

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
 * the text. Whatever its message quotes, no character in it steers a terminal or begins a line. A read that was
 * aborted rejects with its `signal.reason` instead, which is the caller's own; a change with an `AbortError`.
 */
export abstract class VcpuError extends Error {
  abstract override readonly name: string
  /** Stable, machine-readable reason, beginning with `ERR_`. */
  readonly code: string
  /** What became of the change; `undefined` for calls that change nothing. */
  readonly outcome: Outcome | undefined

  constructor(code: string, message: string, options: VcpuErrorOptions = {}) {
    super(foreignText(message, MAX_OWN_MESSAGE), options)
    this.code = code
    this.outcome = options.outcome
  }

  /** The `name` of the Domain whose call it failed; `undefined` for an error that came otherwise. */
  get vm(): string | undefined {
    return vmOf(this)
  }

  /**
   * The error for a log or another program: name, code, message, outcome, the VM's name, its own public fields where they are plain, and
   * its causes; of causes that are not this package's the name and the message.
   */
  toJSON(): Readonly<Record<string, unknown>> {
    return errorAsJson(this, MAX_CAUSES)
  }

  /** As `util.inspect` shows it: its causes too, and nothing in it that could steer a terminal. */
  [INSPECT](_depth: number, options: object, inspect: (value: unknown, options?: object) => string): string {
    return inspectError(this, options, inspect, (each) => each instanceof VcpuError)
  }
}

function errorAsJson(error: VcpuError, depth: number): Readonly<Record<string, unknown>> {
  const { name, code, message, outcome, cause, vm } = error
  const fields = Object.entries(error)
    .filter(([key, value]) => !(key in SHOWN_FIRST) && isPlain(value, 4))
    .map(([key, value]): [string, unknown] => [key, printableValue(value)])
  return {
    name,
    code,
    message,
    ...(outcome === undefined ? {} : { outcome }),
    ...(vm === undefined ? {} : { vm: foreignText(vm) }),
    ...Object.fromEntries(fields),
    ...(cause === undefined || depth === 0 ? {} : { cause: causeAsJson(cause, depth - 1) }),
  }
}

const SHOWN_FIRST = { name: 0, code: 0, message: 0, outcome: 0, cause: 0, stack: 0 }

function causeAsJson(cause: unknown, depth: number): unknown {
  if (cause instanceof VcpuError) return errorAsJson(cause, depth)
  if (!(cause instanceof Error)) return isPlain(cause, 4) ? printableValue(cause) : foreignValue(cause, MAX_MESSAGE)
  return {
    name: foreignText(cause.name, MAX_MESSAGE),
    message: foreignText(cause.message, MAX_MESSAGE),
    ...(cause.cause === undefined || depth === 0 ? {} : { cause: causeAsJson(cause.cause, depth - 1) }),
  }
}

/** Text, numbers, flags, and lists and records of them: what JSON carries as it is. */
function isPlain(value: unknown, depth: number): boolean {
  if (value === null || ['string', 'number', 'boolean'].includes(typeof value)) return true
  if (typeof value !== 'object' || depth === 0) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return false
  return Object.values(value).every((each) => isPlain(each, depth - 1))
}
