import { InputError } from '../errors/input-error.ts'

/** How every asynchronous method of this package is bounded and ended. */
export interface CallOptions {
  /** Ends the wait at once; the call rejects with `signal.reason`. What was already sent may still happen. */
  readonly signal?: AbortSignal | undefined
  /** Longest wait, in milliseconds. */
  readonly timeoutMs?: number | undefined
}

/** What a peer's answer was: `return`, or `error`. */
export type ReplyKind = 'return' | 'error'

/**
 * How an executor runs one command. The two callbacks are optional for an executor of the caller's own: where it does not
 * call them, this package does, as soon as it hears of the answer.
 */
export interface ExecuteOptions extends CallOptions {
  /**
   * Called synchronously when the answer is read off the wire, before anything that came after it (an event, say) is
   * delivered; also when the answer comes after the call was given up. Never for an error that may be another call's.
   */
  readonly onReply?: ((kind: ReplyKind) => void) | undefined
  /** Called with what the peer returned when that comes after the call was given up. */
  readonly onLateReturn?: ((value: unknown) => void) | undefined
  /**
   * Called when the call ends and its command has not left, where the executor knows that: the reason of a caller's signal
   * does not say it. Optional for an executor of the caller's own too.
   */
  readonly onUnsent?: (() => void) | undefined
  /**
   * Called when the command's turn has come, right before it is sent: what it throws ends the call, and nothing is sent. An
   * executor of the caller's own that does not call it has it called when it is handed the command.
   */
  readonly beforeSend?: (() => void) | undefined
  /**
   * The command changes nothing that another command depends on: it may be sent before those ahead of it are answered,
   * where they have this too. A hint: an executor that sends one command at a time is right as well.
   */
  readonly sendAhead?: boolean | undefined
}

/** The longest time-out that a timer of Node can hold, in milliseconds (24.8 days). */
export const MAX_TIMEOUT_MS = 2_147_483_647

/**
 * The time-out to use, checked before anything is sent.
 *
 * @throws {@link InputError} `ERR_TIMEOUT_RANGE` naming the input and the range
 */
export function timeoutOf(options: CallOptions, defaultMs: number): number {
  const { timeoutMs = defaultMs } = options
  if (typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS) return timeoutMs
  throw new InputError(
    'ERR_TIMEOUT_RANGE',
    `timeoutMs is ${String(timeoutMs)}, expected a number of milliseconds above 0 and up to ${MAX_TIMEOUT_MS}`,
  )
}
