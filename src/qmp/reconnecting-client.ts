import type { Duplex } from 'node:stream'
import type { CallOptions } from '../wire/call-options.ts'
import { Deadline } from '../wire/deadline.ts'
import {
  callerOwned,
  connectOptions,
  isExecutor,
  type Endpoint,
  type Link,
  type LinkOptions,
} from '../wire/endpoint.ts'
import { EventHub, type EventStream } from '../wire/event-stream.ts'
import { ReconnectingClient } from '../wire/reconnecting-client.ts'
import type { SocketAddress } from '../wire/socket.ts'
import { DEFAULT_COMMAND_TIMEOUT_MS, QmpClient } from './client.ts'
import type { QmpArguments, QmpEvent, QmpExecutor } from './executor.ts'

/** Events held for one reader: more than any piece of traffic can bring at once. */
const EVENT_CAPACITY = 65_536

/** How a monitor is reached. */
export interface MonitorOptions extends LinkOptions {
  /** Told when a connection takes the place of one that has ended: what happened in between was not heard. */
  readonly onReconnect?: (() => void) | undefined
}

/** Reach a monitor. A connection that was dialled and has ended is dialled again at the next command. */
export function reachMonitor(endpoint: Endpoint<QmpExecutor>, options: MonitorOptions): Link<QmpExecutor> {
  if (endpoint instanceof QmpClient) return callerOwned(endpoint.unchecked)
  return isExecutor(endpoint) ? callerOwned(endpoint) : new ReconnectingQmpClient(endpoint, options)
}

/** A {@link QmpClient} that connects again at the next command after its connection has ended. Its events go on. */
export class ReconnectingQmpClient implements Link<QmpExecutor>, QmpExecutor {
  readonly executor = this
  readonly #events = new EventHub<QmpEvent>()
  readonly #connection: ReconnectingClient<QmpClient>

  constructor(target: SocketAddress | Duplex, options: MonitorOptions) {
    let connections = 0
    this.#connection = new ReconnectingClient('the monitor', target, async (signal) => {
      const client = await QmpClient.connect(target, { ...connectOptions(options), signal })
      void this.#forward(client.events({ capacity: EVENT_CAPACITY }))
      if (connections++ > 0) options.onReconnect?.()
      return client
    })
  }

  open(signal: AbortSignal | undefined): Promise<void> {
    return this.#connection.open(signal)
  }

  async execute(command: string, args?: QmpArguments, options: CallOptions = {}): Promise<unknown> {
    const deadline = new Deadline(options, DEFAULT_COMMAND_TIMEOUT_MS)
    const client = await this.#connection.get(deadline)
    return client.unchecked.execute(command, args, deadline.options())
  }

  events(): EventStream<QmpEvent> {
    return this.#events.subscribe(EVENT_CAPACITY)
  }

  async close(): Promise<void> {
    await this.#connection.close()
    this.#events.end()
  }

  async #forward(events: EventStream<QmpEvent>): Promise<void> {
    for await (const event of events) this.#events.publish(event)
  }
}
