import type { Duplex } from 'node:stream'
import { InputError } from '../errors/input-error.ts'
import { foreignValue } from '../errors/quote.ts'
import type { SocketAddress } from './socket.ts'
import type { WireTrace } from './trace.ts'

/** Where a peer is: an address to dial, a stream that is connected already, or an executor of the caller's own. */
export type Endpoint<E> = SocketAddress | Duplex | E

/** How a peer is reached. */
export interface LinkOptions {
  readonly connectTimeoutMs: number
  readonly trace?: WireTrace | undefined
}

/** An executor, and how to end what was opened for it. */
export interface Link<E> {
  readonly executor: E
  /** Connect now rather than at the first command, within the time that making a connection may take. */
  open(signal: AbortSignal | undefined): Promise<void>
  /** Close what this side opened. An executor of the caller's own stays the caller's. */
  close(): Promise<void>
}

/** The options of {@link LinkOptions} as a client's `connect` takes them. */
export function connectOptions(options: LinkOptions): { timeoutMs: number; trace?: WireTrace } {
  const { connectTimeoutMs: timeoutMs, trace } = options
  return trace === undefined ? { timeoutMs } : { timeoutMs, trace }
}

/**
 * Is it an executor, and not a place to connect to?
 *
 * @throws {@link InputError} `ERR_ADDRESS` for what is neither
 */
export function isExecutor<E extends { execute: unknown }>(endpoint: Endpoint<E>): endpoint is E {
  const given: unknown = endpoint
  if (typeof given === 'string') return false
  if (typeof given === 'object' && given !== null) {
    if ('execute' in given) return true
    if ('pipe' in given || 'port' in given) return false
  }
  throw new InputError(
    'ERR_ADDRESS',
    `${foreignValue(given)} is no endpoint, expected a socket path, { host, port }, a connected Duplex, or an executor`,
  )
}

/** The link of an executor of the caller's own: there is nothing to open and nothing to close. */
export function callerOwned<E>(executor: E): Link<E> {
  return { executor, open: () => Promise.resolve(), close: () => Promise.resolve() }
}
