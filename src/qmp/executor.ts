import type { CallOptions, ExecuteOptions } from '../wire/call-options.ts'

/** Arguments of a command, in the wire's spelling. Members that are `undefined` are not sent. */
export type QmpArguments = Readonly<Record<string, unknown>>

/** An event of the monitor, as it came. */
export interface QmpEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
  /** QEMU's clock: seconds and microseconds since 1970, or -1 where QEMU has none. */
  readonly timestamp: { readonly seconds: number; readonly microseconds: number }
}

/**
 * All that this package needs of a monitor. `QmpClient` is one; a daemon that already owns the single-client monitor
 * socket hands in its own.
 */
export interface QmpExecutor {
  /**
   * Run one command and resolve with what QEMU returned.
   *
   * When QEMU answers `error`, reject with a `CommandError`; every other rejection is read as "nobody knows whether it was
   * carried out". Honour `options.signal` and `options.timeoutMs`. Optionally call `options.onReply` synchronously when
   * the answer is read off the wire, before any event behind it is delivered; where an executor does not, the answer counts
   * from when its promise settles.
   */
  execute(command: string, args?: QmpArguments, options?: ExecuteOptions): Promise<unknown>

  /**
   * Every event from the call on, for one reader. Optional: without events everything still works by asking QEMU again,
   * but a refusal of the guest cannot be heard.
   */
  events?(): AsyncIterable<QmpEvent>

  /**
   * Resolves, within its bounds, when a command would leave at once. Optional: for an executor that connects by itself, so
   * that a change does not leave after its caller has given up.
   */
  connected?(options: CallOptions): Promise<void>
}
