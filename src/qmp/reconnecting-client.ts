import type { CallOptions, ExecuteOptions } from '../wire/call-options.ts'
import { callerOwned } from '../wire/caller-owned.ts'
import { checkLimits, type CheckedLimits } from '../wire/checked-limits.ts'
import type { Clock } from '../wire/clock.ts'
import { Deadline } from '../wire/deadline.ts'
import { connectOptions, isExecutor, type Endpoint, type Link, type LinkOptions } from '../wire/endpoint.ts'
import { EventHub, type EventStream } from '../wire/event-stream.ts'
import { Reconnecting } from '../wire/reconnecting-client.ts'
import type { Target } from '../wire/target.ts'
import { QmpClient } from './client.ts'
import type { QmpArguments, QmpEvent, QmpExecutor } from './executor.ts'

/** Events held for one reader, unless the limits say otherwise: more than any piece of traffic can bring at once. */
const EVENT_CAPACITY = 65_536

/** How a monitor is reached. */
export interface MonitorOptions extends LinkOptions {
  /**
   * Called synchronously with each event of each connection, in wire order: after `onConnected`, before and after replies
   * as they came. What it throws closes the connection.
   */
  readonly onEvent?: ((event: QmpEvent) => void) | undefined
}

/**
 * Reach a monitor. A connection that was dialled and has ended is dialled again. The callbacks of the options are for
 * connections that are made here; an executor of the caller's own has `events`.
 *
 * @throws {@link InputError} `ERR_ADDRESS` for what is not an endpoint, `ERR_LIMIT` for a limit that cannot be
 */
export function reachMonitor(endpoint: Endpoint<QmpExecutor>, options: MonitorOptions): Link<QmpExecutor> {
  if (endpoint instanceof QmpClient) return callerOwned(endpoint.unchecked, options.clock, true)
  return isExecutor(endpoint) ? callerOwned(endpoint, options.clock) : new ReconnectingQmpClient(endpoint, options)
}

/** A {@link QmpClient} that connects again after its connection has ended. Its events go on. Nothing is sent twice. */
export class ReconnectingQmpClient implements Link<QmpExecutor>, QmpExecutor {
  readonly executor = this
  readonly #events: EventHub<QmpEvent>
  readonly #clock: Clock | undefined
  readonly #limits: CheckedLimits
  readonly #capacity: number
  readonly #connection: Reconnecting<QmpClient>

  constructor(target: Target, options: MonitorOptions) {
    this.#clock = options.clock
    this.#limits = checkLimits('qmp', options.limits)
    this.#capacity = options.limits?.events ?? EVENT_CAPACITY
    this.#events = new EventHub(this.#limits.eventBytes)
    this.#connection = new Reconnecting(
      'the monitor',
      target,
      (where, { signal, onConnected, onDisconnected }) =>
        QmpClient.connect(where, {
          ...connectOptions(options),
          signal,
          onGreeting: onConnected,
          onClosed: onDisconnected,
          onEvent: (event, bytes) => {
            options.onEvent?.(event)
            this.#events.publish(event, bytes)
          },
        }),
      options,
    )
  }

  open(signal: AbortSignal | undefined): Promise<void> {
    return this.#connection.open(signal)
  }

  async execute(command: string, args?: QmpArguments, options: ExecuteOptions = {}): Promise<unknown> {
    // One timer a call: where there is a connection, its own is enough.
    const connected = this.#connection.current
    if (connected !== undefined) return connected.unchecked.execute(command, args, options)
    const deadline = new Deadline(options, this.#limits.commandMs, this.#clock)
    const client = await this.#connection.get(deadline)
    return client.unchecked.execute(command, args, { ...options, ...deadline.options() })
  }

  async connected(options: CallOptions): Promise<void> {
    if (this.#connection.current !== undefined) return
    await this.#connection.get(new Deadline(options, this.#limits.commandMs, this.#clock))
  }

  /** Every event from now on, over all connections, for one reader. */
  events(): EventStream<QmpEvent> {
    return this.#events.subscribe(this.#capacity)
  }

  async close(): Promise<void> {
    const closing = this.#connection.close()
    this.#events.end()
    await closing
  }
}
