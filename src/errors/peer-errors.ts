import { foreignText } from './quote.ts'
import { VcpuError, type VcpuErrorOptions } from './vcpu-error.ts'

/** More than the escaped words of a peer that a message takes in. */
const MAX_DESCRIPTION = 4_000

/**
 * Why there is no connection:
 *
 * - `ERR_CONNECT`: nothing listens there, or it may not be opened;
 * - `ERR_MONITOR_BUSY`: the monitor never greeted, since another client holds it (QEMU serves one at a time); also where
 *   it cannot be seen why it did not;
 * - `ERR_PROCESS_STOPPED`: it never greeted, since the process that listens is stopped (SIGSTOP, a debugger);
 * - `ERR_MONITOR_HANGS`: it accepts no connection although no client has one, or greeted and answers nothing;
 * - `ERR_NO_RUNTIME_MONITOR`: this QEMU cannot make another monitor while it runs;
 * - `ERR_NOT_QMP`: something is there that is not a QEMU monitor;
 * - `ERR_NOT_AGENT`: what was given as the agent's channel is a QEMU monitor;
 * - `ERR_NO_AGENT_ANSWER`: the agent's channel is open and nothing answers in it;
 * - `ERR_CONNECTION_LOST`: the peer went away;
 * - `ERR_CLOSED`: this side called `close()`.
 */
export type ConnectionErrorCode =
  | 'ERR_CONNECT'
  | 'ERR_MONITOR_BUSY'
  | 'ERR_PROCESS_STOPPED'
  | 'ERR_MONITOR_HANGS'
  | 'ERR_NO_RUNTIME_MONITOR'
  | 'ERR_NOT_QMP'
  | 'ERR_NOT_AGENT'
  | 'ERR_NO_AGENT_ANSWER'
  | 'ERR_CONNECTION_LOST'
  | 'ERR_CLOSED'

/** The peer cannot be reached, or no longer. Connect again; then read the state before repeating a change. */
export class ConnectionError extends VcpuError {
  override readonly name = 'ConnectionError'
  declare readonly code: ConnectionErrorCode

  constructor(code: ConnectionErrorCode, message: string, options: VcpuErrorOptions = {}) {
    super(code, message, options)
  }
}

/**
 * What is wrong with what the peer sent; docs/limits.md has the limits:
 *
 * - `ERR_PROTOCOL`: its protocol does not allow it;
 * - `ERR_MESSAGE_TOO_LARGE`: a message of too many bytes;
 * - `ERR_MESSAGE_TOO_COMPLEX`: a message nested too deep, of too many values, or with a string that is too long;
 * - `ERR_MESSAGE_TOO_SLOW`: a message that was begun and not ended in time;
 * - `ERR_TOO_MUCH_JUNK`: too much that answers nothing;
 * - `ERR_TOO_MANY_VCPUS`: more vCPUs or CPUs, or higher ids, than a domain takes in.
 */
export type ProtocolErrorCode =
  | 'ERR_PROTOCOL'
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_MESSAGE_TOO_COMPLEX'
  | 'ERR_MESSAGE_TOO_SLOW'
  | 'ERR_TOO_MUCH_JUNK'
  | 'ERR_TOO_MANY_VCPUS'

/** The peer sent what its protocol does not allow (`ERR_PROTOCOL`), or more than a limit. */
export class ProtocolError extends VcpuError {
  override readonly name = 'ProtocolError'
  declare readonly code: ProtocolErrorCode

  constructor(message: string, options: VcpuErrorOptions = {}, code: ProtocolErrorCode = 'ERR_PROTOCOL') {
    super(code, message, options)
  }
}

/** No answer in the time given. What was sent may still happen: `outcome` says whether anything was sent at all. */
export class TimeoutError extends VcpuError {
  override readonly name = 'TimeoutError'
  declare readonly code: 'ERR_TIMEOUT'

  constructor(message: string, options: VcpuErrorOptions = {}) {
    super('ERR_TIMEOUT', message, options)
  }
}

/**
 * The peer answered `error`. {@link CommandError.errorClass} is QAPI's class (nearly always `GenericError`); the words in
 * {@link CommandError.description} change between versions and are for people only.
 */
export class CommandError extends VcpuError {
  override readonly name = 'CommandError'
  declare readonly code: 'ERR_COMMAND'
  /** The command that was refused. */
  readonly command: string
  /** QAPI's error class, for example `GenericError` or `CommandNotFound`. */
  readonly errorClass: string
  /** The peer's own words, cut and escaped. */
  readonly description: string

  constructor(command: string, errorClass: string, description: string, options: VcpuErrorOptions = {}) {
    const words = foreignText(description, MAX_DESCRIPTION)
    super('ERR_COMMAND', `${foreignText(command)}: ${words}`, { outcome: 'rejected', ...options })
    this.command = command
    this.errorClass = foreignText(errorClass)
    this.description = words
  }
}
