import type { Clock } from './clock.ts'
import type { WireLimits } from './limits.ts'
import { badEndpoint, type Target } from './target.ts'
import type { WireTrace } from './trace.ts'

/**
 * Where a peer is: an address to dial (a path, `{ host, port }`, `unix:PATH`, `tcp:HOST:PORT`), a stream that is connected
 * already, a function that dials one, or an executor of the caller's own.
 */
export type Endpoint<E> = Target | E

/**
 * When a lost connection is made again: at the next call, in the background as soon as it is lost, or never, so that every
 * later call rejects with `ERR_CONNECTION_LOST`.
 */
export type ReconnectMode = 'on-demand' | 'eager' | false

/** How a peer is reached. */
export interface LinkOptions {
  readonly connectTimeoutMs: number
  readonly trace?: WireTrace | undefined
  /** The VM's name, for traces. */
  readonly vm?: string | undefined
  /** What every wait goes by. */
  readonly clock?: Clock | undefined
  /** From 0 up to 1, for the jitter of the pauses between dials; `Math.random` by default. */
  readonly random?: (() => number) | undefined
  /** `'on-demand'` by default. A stream that was given connected cannot be made again. */
  readonly reconnect?: ReconnectMode | undefined
  /** How much a connection may cost; docs/limits.md has the defaults. */
  readonly limits?: Partial<WireLimits> | undefined
  /** Called synchronously when a connection is there, before anything that it brings is delivered. */
  readonly onConnected?: (() => void) | undefined
  /** Called synchronously when a connection that was there has ended, by whichever side; with the first cause. */
  readonly onDisconnected?: ((cause: Error) => void) | undefined
}

/** An executor, and how to end what was opened for it. */
export interface Link<E> {
  readonly executor: E
  /** Connect now rather than at the first command, within the time that making a connection may take. */
  open(signal: AbortSignal | undefined): Promise<void>
  /** Close what this side opened, and end every call. An executor of the caller's own stays the caller's. */
  close(): Promise<void>
}

/** The options of {@link LinkOptions} as a client's `connect` takes them. */
export function connectOptions(options: LinkOptions): {
  timeoutMs: number
  trace?: WireTrace
  vm?: string
  clock?: Clock
  limits?: Partial<WireLimits>
} {
  const { connectTimeoutMs: timeoutMs, trace, vm, clock, limits } = options
  return {
    timeoutMs,
    ...(trace === undefined ? {} : { trace }),
    ...(vm === undefined ? {} : { vm }),
    ...(clock === undefined ? {} : { clock }),
    ...(limits === undefined ? {} : { limits }),
  }
}

/**
 * Is it an executor, and not a place to connect to?
 *
 * @throws {@link InputError} `ERR_ADDRESS` for what is neither
 */
export function isExecutor<E extends { execute: unknown }>(endpoint: Endpoint<E>): endpoint is E {
  const given: unknown = endpoint
  if (typeof given === 'string') return false
  if ((typeof given === 'object' && given !== null) || typeof given === 'function') {
    if ('execute' in given) return true
    if (typeof given === 'function' || 'pipe' in given || 'port' in given) return false
  }
  throw badEndpoint(given)
}
