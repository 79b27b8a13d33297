import type { Duplex } from 'node:stream'
import { ConnectionError } from '../errors/peer-errors.ts'
import { inBackground } from '../wire/background.ts'
import { checkLimits, type CheckedLimits } from '../wire/checked-limits.ts'
import type { WireLimits } from '../wire/limits.ts'
import type { Target } from '../wire/target.ts'
import { listenTo, QmpClient } from './client.ts'
import type { QmpConnectOptions } from './connect-options.ts'
import type { MultiplexerHub } from './multiplexer-hub.ts'

/** How a multiplexer connects, and what each of its clients may cost. */
export interface QmpMultiplexerOptions extends Omit<QmpConnectOptions, 'oob' | 'onEvent' | 'onGreeting' | 'onClosed'> {
  /** Of each client: `messageBytes`, `pending` and `unsentBytes` count, with the defaults of a monitor. */
  readonly clientLimits?: Partial<WireLimits>
}

/**
 * One monitor for several clients: QEMU's socket serves one at a time. Each client has a connection of its own with a
 * greeting, a negotiation, ids and events, so that a `Domain`, a {@link QmpClient} and any other QMP client work on it as on a
 * monitor, and closing one ends nothing of another.
 *
 * ```ts
 * await using monitor = new QmpMultiplexer('/run/vm1/qmp.sock')
 * await using domain = await Domain.connect({ qmp: monitor.endpoint })
 * await using client = await QmpClient.connect(monitor.endpoint)
 * ```
 *
 * Clients take turns, one command each: one with a thousand waiting holds up another by the few that are at QEMU. A command that is at
 * QEMU when its client leaves is carried out.
 *
 * What QEMU has once is shared: every client hears every event, and sees what another changes (a migration, a job, an
 * object, `cont`). There is no out-of-band execution, and `getfd` and `add-fd` are refused, since no file descriptor can be
 * handed through. Numbers above 2^53 lose their last digits, as in any client in JavaScript.
 */
export class QmpMultiplexer implements AsyncDisposable {
  readonly #source: Target | QmpClient
  readonly #options: QmpMultiplexerOptions
  readonly #limits: CheckedLimits
  /** Made for the first client. */
  #hub: MultiplexerHub | undefined
  readonly #abort = new AbortController()
  /** The connection to QEMU, there or being made. */
  #monitor: Promise<QmpClient> | undefined
  #closedBy: ConnectionError | undefined

  /**
   * @param source - where the monitor is, which is dialled when the first client connects, and again when one does after it was
   *   lost; or a client that is connected, which stays the caller's to close
   * @throws {@link InputError} `ERR_LIMIT` for a limit that cannot be
   */
  constructor(source: Target | QmpClient, options: QmpMultiplexerOptions = {}) {
    const { clientLimits, ...connecting } = options
    this.#source = source
    this.#options = connecting
    this.#limits = checkLimits('qmp', clientLimits, 'clientLimits')
  }

  /** Clients that are connected now. */
  get clients(): number {
    return this.#hub?.size ?? 0
  }

  /**
   * An endpoint: a new connection to the shared monitor.
   *
   * @throws what {@link QmpClient.connect} rejects with, and {@link ConnectionError} `ERR_CLOSED` after `close()`
   */
  readonly endpoint = async (): Promise<Duplex> => {
    const [near, far] = (await this.#clients()).pair()
    await this.serve(far)
    return near
  }

  /**
   * Serve a client at the other end of a stream, such as a connection to a UNIX socket of the caller's own. Each of its commands is
   * a line.
   *
   * @param duplex - from now on the multiplexer's, which destroys it where it rejects
   * @returns when it has been greeted
   * @throws what {@link QmpMultiplexer.endpoint} does
   */
  async serve(duplex: Duplex): Promise<void> {
    try {
      const hub = await this.#clients()
      const monitor = await this.#reach()
      // It may have ended while this waited to go on, and its clients with it.
      requireReady(monitor)
      hub.serve(duplex, monitor)
    } catch (error) {
      duplex.on('error', () => undefined).destroy()
      throw error
    }
  }

  /** Hang up on every client, and close the connection to the monitor unless it is the caller's own. Closing again does nothing. */
  async close(): Promise<void> {
    if (this.#closedBy !== undefined) return
    this.#closedBy = new ConnectionError('ERR_CLOSED', 'the multiplexer was closed by this side')
    this.#abort.abort(this.#closedBy)
    const monitor = this.#monitor
    this.#monitor = undefined
    this.#hub?.end(this.#closedBy)
    if (this.#source instanceof QmpClient) return
    // A connection that failed needs no closing, and its error went to the client that asked for it.
    await (await monitor?.catch(() => undefined))?.close()
  }

  /** The same as {@link QmpMultiplexer.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #reach(): Promise<QmpClient> {
    if (this.#closedBy !== undefined) throw this.#closedBy
    const monitor = await (this.#monitor ??= this.#connect())
    // It may have been closed, or lost, in the meantime.
    if (this.#isClosed()) throw new ConnectionError('ERR_CLOSED', 'the multiplexer was closed by this side')
    requireReady(monitor)
    return monitor
  }

  #isClosed(): boolean {
    return this.#closedBy !== undefined
  }

  #connect(): Promise<QmpClient> {
    const source = this.#source
    const connecting =
      source instanceof QmpClient
        ? Promise.resolve(source)
        : QmpClient.connect(source, { ...this.#options, signal: this.#signal() })
    const attempt = connecting.then(
      (monitor) => {
        this.#follow(monitor, attempt)
        return monitor
      },
      (error: unknown) => {
        if (this.#monitor === attempt) this.#monitor = undefined
        throw error
      },
    )
    return attempt
  }

  #signal(): AbortSignal {
    const { signal } = this.#options
    return signal === undefined ? this.#abort.signal : AbortSignal.any([signal, this.#abort.signal])
  }

  #follow(monitor: QmpClient, attempt: Promise<QmpClient>): void {
    const unlisten = listenTo(monitor, (event) => {
      this.#hub?.event(event)
    })
    const onClose = (): void => {
      unlisten()
    }
    this.#abort.signal.addEventListener('abort', onClose, { once: true })
    inBackground(
      'hanging up on the clients of a monitor that was lost',
      monitor.closed.then((cause) => {
        unlisten()
        this.#abort.signal.removeEventListener('abort', onClose)
        // The next client has it dialled again; one of the caller's own stays what it is.
        if (this.#monitor === attempt) this.#monitor = undefined
        this.#hub?.end(cause)
      }),
    )
  }

  async #clients(): Promise<MultiplexerHub> {
    // Here and not above: few need it.
    const { MultiplexerHub: Hub } = await import('./multiplexer-hub.ts')
    return (this.#hub ??= new Hub(this.#limits))
  }
}

function requireReady({ state }: QmpClient): void {
  if (state === 'ready') return
  throw new ConnectionError('ERR_CONNECTION_LOST', 'the monitor of the multiplexer is closed')
}
