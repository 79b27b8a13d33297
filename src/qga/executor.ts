import type { ExecuteOptions } from '../wire/call-options.ts'

/** Arguments of an agent's command, in the wire's spelling. */
export type QgaArguments = Readonly<Record<string, unknown>>

/**
 * All that this package needs of a guest agent. `QgaClient` is one; a daemon that already owns the agent's channel
 * hands in its own.
 */
export interface QgaExecutor {
  /**
   * Run one command and resolve with what the agent returned.
   *
   * When the agent answers `error`, reject with a `CommandError`; every other rejection is read as "nobody knows whether it
   * was carried out". Calls may overlap: an executor that sends one command at a time lets the others wait. Honour `options.signal` and `options.timeoutMs`; `onReply` and `onLateReturn` are optional.
   */
  execute(command: string, args?: QgaArguments, options?: ExecuteOptions): Promise<unknown>
}
