import type { Duplex } from 'node:stream'
import { ConnectionError } from '../errors/peer-errors.ts'
import { bounded } from './bounded.ts'
import { MAX_TIMEOUT_MS } from './call-options.ts'
import { Deadline } from './deadline.ts'
import { isSocketAddress, type SocketAddress } from './socket.ts'

/** A connection that can end. */
export interface Closable {
  /** Resolves with the first cause once it has ended. */
  readonly closed: Promise<Error>
  close(): Promise<void>
}

/**
 * Keeps one connection for many users, and makes a new one when somebody asks after the last has ended. It never repeats
 * what was under way when the connection ended: only its user knows what a repetition would mean.
 */
export class ReconnectingClient<C extends Closable> {
  readonly #what: string
  readonly #dial: (signal: AbortSignal) => Promise<C>
  readonly #abort = new AbortController()
  #current: Promise<C> | undefined
  #closedBy: Error | undefined

  /**
   * @param what - for messages, such as `the monitor`
   * @param target - where it leads; a stream that is given connected can be used once, an address can be dialled again
   * @param dial - makes a connection; bounded by itself and by the signal of {@link ReconnectingClient.close}, since no single
   *   user's signal may end what others wait for
   */
  constructor(what: string, target: SocketAddress | Duplex, dial: (signal: AbortSignal) => Promise<C>) {
    this.#what = what
    this.#dial = isSocketAddress(target) ? dial : once(dial)
  }

  /** Connect now rather than at the first use. No bound but the connection's own, whose error says more. */
  async open(signal: AbortSignal | undefined): Promise<void> {
    await this.get(new Deadline({ signal }, MAX_TIMEOUT_MS))
  }

  /**
   * The connection, made anew if need be.
   *
   * @throws what `dial` rejects with; {@link ConnectionError} `ERR_CONNECT` when it outlasts the deadline
   */
  async get(deadline: Deadline): Promise<C> {
    if (this.#closedBy !== undefined) throw this.#closedBy
    this.#current ??= this.#start()
    return bounded(this.#current, {
      ...deadline.options(),
      onTimeout: () =>
        new ConnectionError('ERR_CONNECT', `${this.#what} was not connected within ${deadline.timeoutMs} ms`, {
          outcome: 'not-sent',
        }),
    })
  }

  /** Close the connection, also one that is still being made, and make no other. */
  async close(): Promise<void> {
    this.#closedBy ??= new ConnectionError('ERR_CLOSED', `${this.#what} was closed by this side`, {
      outcome: 'not-sent',
    })
    this.#abort.abort(this.#closedBy)
    const current = this.#current
    this.#current = undefined
    // A connection that could not be made needs no closing; whoever asked for it was told why.
    const connection = await current?.catch(() => undefined)
    await connection?.close()
  }

  #start(): Promise<C> {
    const attempt = this.#dial(this.#abort.signal)
    const forget = (): void => {
      if (this.#current === attempt) this.#current = undefined
    }
    attempt.then((connection) => connection.closed.then(forget), forget)
    return attempt
  }
}

function once<C>(dial: (signal: AbortSignal) => Promise<C>): typeof dial {
  let used = false
  return (signal) => {
    if (used) {
      const message = 'the Duplex given has ended; only an address can be connected again'
      return Promise.reject(new ConnectionError('ERR_CONNECTION_LOST', message, { outcome: 'not-sent' }))
    }
    used = true
    return dial(signal)
  }
}
