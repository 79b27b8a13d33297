import type { Duplex } from 'node:stream'
import { InputError } from '../errors/input-error.ts'
import { ConnectionError } from '../errors/peer-errors.ts'
import { foreignValue } from '../errors/quote.ts'
import { QgaClient } from '../qga/client.ts'
import type { QgaArguments, QgaExecutor } from '../qga/executor.ts'
import { QmpClient } from '../qmp/client.ts'
import type { QmpArguments, QmpEvent, QmpExecutor } from '../qmp/executor.ts'
import { MAX_TIMEOUT_MS, type CallOptions } from '../wire/call-options.ts'
import { Deadline } from '../wire/deadline.ts'
import { EventHub, type EventStream } from '../wire/event-stream.ts'
import { Redialer } from '../wire/redialer.ts'
import { isSocketAddress, type SocketAddress } from '../wire/socket.ts'
import type { WireTrace } from '../wire/trace.ts'

/** How long a command may take where its caller does not say, in milliseconds. */
const DEFAULT_TIMEOUT_MS = 10_000
/** Events held for one reader: more than any piece of traffic can bring at once. */
const EVENT_CAPACITY = 65_536

/** Where a peer is: an address to dial, a stream that is connected already, or an executor of the caller's own. */
export type Endpoint<E> = SocketAddress | Duplex | E

/** How the two peers are reached. */
export interface LinkOptions {
  readonly connectTimeoutMs: number
  readonly trace?: WireTrace | undefined
  /** Told when a connection takes the place of one that has ended: what happened in between was not heard. */
  readonly onReconnect?: (() => void) | undefined
}

/** An executor, and how to end what was opened for it. */
export interface Link<E> {
  readonly executor: E
  /** Connect now rather than at the first command, within the time that making a connection may take. */
  open(signal: AbortSignal | undefined): Promise<void>
  /** Close what this side opened. An executor of the caller's own stays the caller's. */
  close(): Promise<void>
}

/** Reach a monitor. A connection that was dialled and has ended is dialled again at the next command. */
export function linkMonitor(endpoint: Endpoint<QmpExecutor>, options: LinkOptions): Link<QmpExecutor> {
  if (isExecutor(endpoint)) return borrowed(endpoint)
  return new MonitorLink(endpoint, options)
}

/** Reach an agent, in the same way. Opening its channel does not ask for an answer: a guest may still be booting. */
export function linkAgent(endpoint: Endpoint<QgaExecutor>, options: LinkOptions): Link<QgaExecutor> {
  if (isExecutor(endpoint)) return borrowed(endpoint)
  return new AgentLink(endpoint, options)
}

class MonitorLink implements Link<QmpExecutor>, QmpExecutor {
  readonly executor = this
  readonly #events = new EventHub<QmpEvent>()
  readonly #redialer: Redialer<QmpClient>

  constructor(target: SocketAddress | Duplex, options: LinkOptions) {
    let connections = 0
    this.#redialer = new Redialer(
      'the monitor',
      dialer(target, async (signal) => {
        const client = await QmpClient.connect(target, { ...clientOptions(options), signal })
        void this.#forward(client.events({ capacity: EVENT_CAPACITY }))
        if (connections++ > 0) options.onReconnect?.()
        return client
      }),
    )
  }

  async open(signal: AbortSignal | undefined): Promise<void> {
    await this.#redialer.get(unhurried(signal))
  }

  async execute(command: string, args?: QmpArguments, options: CallOptions = {}): Promise<unknown> {
    const deadline = new Deadline(options, DEFAULT_TIMEOUT_MS)
    const client = await this.#redialer.get(deadline)
    return client.execute(command, args, deadline.options())
  }

  events(): EventStream<QmpEvent> {
    return this.#events.subscribe(EVENT_CAPACITY)
  }

  async close(): Promise<void> {
    await this.#redialer.close()
    this.#events.end()
  }

  async #forward(events: EventStream<QmpEvent>): Promise<void> {
    for await (const event of events) this.#events.publish(event)
  }
}

class AgentLink implements Link<QgaExecutor>, QgaExecutor {
  readonly executor = this
  readonly #redialer: Redialer<QgaClient>

  constructor(target: SocketAddress | Duplex, options: LinkOptions) {
    this.#redialer = new Redialer(
      "the agent's channel",
      dialer(target, (signal) => QgaClient.connect(target, { ...clientOptions(options), signal, sync: false })),
    )
  }

  async open(signal: AbortSignal | undefined): Promise<void> {
    await this.#redialer.get(unhurried(signal))
  }

  async execute(command: string, args?: QgaArguments, options: CallOptions = {}): Promise<unknown> {
    const deadline = new Deadline(options, DEFAULT_TIMEOUT_MS)
    const client = await this.#redialer.get(deadline)
    return client.execute(command, args, deadline.options())
  }

  async close(): Promise<void> {
    await this.#redialer.close()
  }
}

/** A stream that is given connected can be used once; an address can be dialled again. */
function dialer<C>(target: SocketAddress | Duplex, dial: (signal: AbortSignal) => Promise<C>): typeof dial {
  if (isSocketAddress(target)) return dial
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

/** No bound but the connection's own, whose error says more. */
function unhurried(signal: AbortSignal | undefined): Deadline {
  return new Deadline({ signal }, MAX_TIMEOUT_MS)
}

function clientOptions(options: LinkOptions): { timeoutMs: number; trace?: WireTrace } {
  const { connectTimeoutMs: timeoutMs, trace } = options
  return trace === undefined ? { timeoutMs } : { timeoutMs, trace }
}

function isExecutor<E extends { execute: unknown }>(endpoint: Endpoint<E>): endpoint is E {
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

function borrowed<E>(executor: E): Link<E> {
  return { executor, open: () => Promise.resolve(), close: () => Promise.resolve() }
}
