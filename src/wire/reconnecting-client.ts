import { ConnectionError } from '../errors/peer-errors.ts'
import { VcpuError } from '../errors/vcpu-error.ts'
import { restate } from '../errors/restate.ts'
import { abortable } from './abort.ts'
import { inBackground } from './background.ts'
import { bounded } from './bounded.ts'
import { watchDialer } from './cheap-dial.ts'
import { systemClock, type Clock } from './clock.ts'
import type { Deadline } from './deadline.ts'
import type { ReconnectMode } from './endpoint.ts'
import { RedialPace, type DialCost } from './redial-pace.ts'
import { isConnected, parseTarget, type Dialer, type Target } from './target.ts'

/** A connection that can be closed. */
export interface Closable {
  /** How many commands it has answered; one that does not say counts as one that works. */
  readonly answeredMessages?: number
  close(): Promise<void>
}

/** What a dial is given. Both calls are made synchronously, in wire order, and at most once. */
export interface DialHooks {
  /** Aborts when this side closes. No single caller's signal may end what others wait for. */
  readonly signal: AbortSignal
  readonly onConnected: () => void
  readonly onDisconnected: (cause: Error) => void
}

/** How a {@link Reconnecting} behaves; see `LinkOptions`. */
export interface ReconnectingOptions {
  readonly clock?: Clock | undefined
  readonly random?: (() => number) | undefined
  readonly reconnect?: ReconnectMode | undefined
  readonly onConnected?: (() => void) | undefined
  readonly onDisconnected?: ((cause: Error) => void) | undefined
}

/**
 * Keeps one connection for many users, and makes a new one when it has ended: when a user next asks, or at once. It never
 * repeats what was under way when the connection ended: only its user knows what a repetition would mean.
 *
 * Failed dials are further and further apart, however often they are asked for, but never far where they cost nothing: a UNIX
 * socket at which nothing listens says so at once. A connection that was lost soon, or before it answered anything, counts as
 * one: a peer that accepts and then hangs up is no better than one that refuses.
 */
export class Reconnecting<C extends Closable> {
  readonly #what: string
  readonly #target: Target
  readonly #dial: (target: Target, hooks: DialHooks) => Promise<C>
  readonly #options: ReconnectingOptions
  readonly #clock: Clock
  readonly #pace: RedialPace
  /** Of the dial under way. */
  #abort: AbortController | undefined
  #connection: C | undefined
  #attempt: Promise<C> | undefined
  #connectedAtMs = 0
  /** Did the function given fail without waiting for anything? Of the dial under way. */
  #hasFailedCheaply = false
  #lastFailure: unknown
  #isDiallingOn = false
  /** Why there will be no other connection. */
  #lostFor: Error | undefined
  #closedBy: ConnectionError | undefined

  /**
   * @param what - for messages, such as `the monitor`
   * @param target - where it leads; a stream that is given connected can be used once, all else can be dialled again
   * @param dial - makes a connection, bounded by itself and by the signal of its hooks
   * @throws {@link InputError} `ERR_ADDRESS` for what is no endpoint
   */
  constructor(
    what: string,
    target: Target,
    dial: (target: Target, hooks: DialHooks) => Promise<C>,
    options: ReconnectingOptions = {},
  ) {
    this.#what = what
    const parsed = parseTarget(target)
    // An object of this connection's own: what is remembered of an address is not for others at it.
    this.#target = typeof parsed === 'object' && !('pipe' in parsed) ? { ...parsed } : this.#watched(parsed)
    this.#dial = dial
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#pace = new RedialPace(this.#clock, options.random ?? Math.random)
  }

  /** The connection, where there is one: no wait, and no timer for one. */
  get current(): C | undefined {
    return this.#connection
  }

  /** Connect now rather than at the first use. No bound but the connection's own, whose error says more. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    if (this.#connection !== undefined) return
    const attempt = this.#start()
    if (signal === undefined) {
      await attempt
      return
    }
    await abortable(attempt, signal)
  }

  /**
   * The connection, made again if need be, within the caller's deadline.
   *
   * @throws what the dial that it waited for rejects with, and {@link ConnectionError} `ERR_CONNECT` when that outlasts
   *   the deadline, `ERR_CONNECTION_LOST` when there will be no other, `ERR_CLOSED` after `close()`: each `'not-sent'`
   */
  async get(deadline: Deadline): Promise<C> {
    deadline.signal?.throwIfAborted()
    if (this.#connection !== undefined) return this.#connection
    const attempt = this.#start().catch((error: unknown): never => {
      throw error instanceof VcpuError ? restate(error, 'not-sent') : error
    })
    return bounded(attempt, {
      ...deadline.options(),
      clock: this.#clock,
      onTimeout: () =>
        new ConnectionError('ERR_CONNECT', `${this.#what} was not connected within ${deadline.timeoutMs} ms`, {
          outcome: 'not-sent',
          cause: this.#lastFailure,
        }),
    })
  }

  /** Close the connection, also one that is still being made, and make no other. */
  async close(): Promise<void> {
    this.#closedBy ??= new ConnectionError('ERR_CLOSED', `${this.#what} was closed by this side`, {
      outcome: 'not-sent',
    })
    this.#abort?.abort(this.#closedBy)
    const connection = this.#connection
    const attempt = this.#attempt
    this.#connection = undefined
    this.#attempt = undefined
    await connection?.close()
    // A connection that could not be made needs no closing; whoever asked for it has its error.
    await (await attempt?.catch(() => undefined))?.close()
    // A stream that was given connected and never used is this side's to end all the same.
    if (isConnected(this.#target) && !this.#target.destroyed) this.#target.on('error', () => undefined).destroy()
  }

  /** The dial under way, or a new one. */
  #start(): Promise<C> {
    if (this.#closedBy !== undefined) return Promise.reject(this.#closedBy)
    if (this.#lostFor !== undefined) return Promise.reject(this.#noOther(this.#lostFor))
    if (this.#attempt !== undefined) return this.#attempt
    const attempt = this.#connect()
    this.#attempt = attempt
    const forget = (): void => {
      if (this.#attempt !== attempt) return
      this.#attempt = undefined
      this.#abort = undefined
    }
    attempt.then(forget, forget)
    return attempt
  }

  async #connect(): Promise<C> {
    const { signal } = (this.#abort = new AbortController())
    await this.#pace.wait(signal)
    this.#hasFailedCheaply = false
    let connection: C | undefined
    const life: { isThere: boolean; lostFor?: Error } = { isThere: false }
    try {
      connection = await this.#dial(this.#target, {
        signal,
        onConnected: () => {
          life.isThere = true
          this.#options.onConnected?.()
        },
        onDisconnected: (cause) => {
          life.lostFor = cause
          if (this.#connection === connection && connection !== undefined) {
            this.#connection = undefined
            const { answeredMessages = 1 } = connection
            this.#pace.lost(answeredMessages > 0, this.#clock.now() - this.#connectedAtMs)
            this.#onLoss(cause)
          }
          if (life.isThere) this.#options.onDisconnected?.(cause)
        },
      })
    } catch (error) {
      this.#onFailure(error)
      throw error
    }
    if (this.#closedBy !== undefined) {
      await connection.close()
      throw this.#closedBy
    }
    // It may have ended with the very bytes that made it ready; its user then finds it closed.
    if (life.lostFor === undefined) {
      this.#connection = connection
      this.#connectedAtMs = this.#clock.now()
    } else {
      this.#pace.failed('dear')
      this.#onLoss(life.lostFor)
    }
    return connection
  }

  #onFailure(error: unknown): void {
    if (this.#closedBy !== undefined) return
    this.#lastFailure = error
    if (isConnected(this.#target)) this.#lostFor = toError(error)
    this.#pace.failed(this.#costOf(error))
  }

  #costOf(error: unknown): DialCost {
    // Any other code is that of a connection which was made.
    const isRefused =
      typeof this.#target === 'string' && error instanceof ConnectionError && error.code === 'ERR_CONNECT'
    return isRefused || this.#hasFailedCheaply ? 'cheap' : 'dear'
  }

  #watched<T extends Target>(target: T): T | Dialer {
    if (typeof target !== 'function') return target
    return watchDialer(target, () => {
      this.#hasFailedCheaply = true
    })
  }

  #onLoss(cause: Error): void {
    if (this.#closedBy !== undefined) return
    this.#lastFailure = cause
    if (this.#options.reconnect === false || isConnected(this.#target)) this.#lostFor = cause
    else if (this.#options.reconnect === 'eager') inBackground('dialling again', this.#dialOn())
  }

  /** Dial in the background until there is a connection again. */
  async #dialOn(): Promise<void> {
    if (this.#isDiallingOn) return
    this.#isDiallingOn = true
    while (this.#connection === undefined && this.#closedBy === undefined) {
      try {
        await this.#start()
      } catch (error) {
        // Nothing that a further dial could cure.
        if (!(error instanceof ConnectionError)) break
      }
    }
    this.#isDiallingOn = false
  }

  #noOther(cause: Error): ConnectionError {
    const message = isConnected(this.#target)
      ? 'the Duplex given has ended; only an address or a function can be connected again'
      : `${this.#what} was lost and is not connected again: ${cause.message}`
    return new ConnectionError('ERR_CONNECTION_LOST', message, { cause, outcome: 'not-sent' })
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
