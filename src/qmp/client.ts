import type { Duplex } from 'node:stream'
import { InputError } from '../errors/input-error.ts'
import { ConnectionError } from '../errors/peer-errors.ts'
import { inBackground } from '../wire/background.ts'
import { bounded } from '../wire/bounded.ts'
import { CallIds } from '../wire/call-ids.ts'
import { timeoutOf } from '../wire/call-options.ts'
import { checkLimit, checkLimits, type CheckedLimits } from '../wire/checked-limits.ts'
import { Deadline } from '../wire/deadline.ts'
import { encodeArguments, encodeCommand, lostCall } from '../wire/envelope.ts'
import { EventHub, type EventStream } from '../wire/event-stream.ts'
import { WIRE_LIMITS } from '../wire/limits.ts'
import { valueOf } from '../wire/failure.ts'
import { LineChannel } from '../wire/line-channel.ts'
import { PendingCalls } from '../wire/pending-calls.ts'
import { openTarget, type Target } from '../wire/target.ts'
import { tooLarge } from '../wire/too-long-line.ts'
import { decodeReply, isKnownCommand, type QmpCommandName, type QmpCommands } from './commands.ts'
import { connectError } from './connect-error.ts'
import type { QmpCallOptions, QmpConnectOptions } from './connect-options.ts'
import type { QmpArguments, QmpEvent, QmpExecutor } from './executor.ts'
import { decodeGreeting, type QmpGreeting } from './greeting.ts'
import { Inbox } from './inbox.ts'
import type { AnyCommandName, QmpSchemaReturn, RestOfCall } from './schema-map.ts'
import { SilenceWatch } from './silence.ts'

/** Where a client is in its life. It only ever moves to the right. */
export type QmpClientState = 'greeting' | 'negotiating' | 'ready' | 'closed'

const successors: Readonly<Record<QmpClientState, readonly QmpClientState[]>> = {
  greeting: ['negotiating', 'closed'],
  negotiating: ['ready', 'closed'],
  ready: ['closed'],
  closed: [],
}

/** The events of each client, for those in this room who want them in the order of the wire. */
const hubs = new WeakMap<QmpClient, EventHub<QmpEvent>>()

/**
 * Have each event of a client handed over as it comes, before what is behind it on the wire.
 *
 * @returns ends it
 */
export function listenTo(client: QmpClient, listener: (event: QmpEvent) => void): () => void {
  return hubs.get(client)?.listen(listener) ?? (() => undefined)
}

/**
 * A client of one QEMU monitor (QMP). {@link QmpClient.connect} gives one that is ready, or rejects.
 *
 * Commands may be sent without waiting for one another; QEMU answers in order. Replies that no call waits for any longer
 * are dropped and counted. What a connection may cost is limited (docs/limits.md).
 */
export class QmpClient implements QmpExecutor {
  readonly #where: string
  readonly #channel: LineChannel
  readonly #hooks: { readonly [K in 'onGreeting' | 'onClosed']: QmpConnectOptions[K] | undefined }
  readonly #pending: PendingCalls
  readonly #inbox: Inbox
  readonly #limits: CheckedLimits
  readonly #events: EventHub<QmpEvent>
  readonly #greeted: Promise<QmpGreeting>
  readonly #closed: Promise<Error>
  #onGreeting: (greeting: QmpGreeting) => void = () => undefined
  #state: QmpClientState = 'greeting'
  #greeting: QmpGreeting | undefined
  #oob = false

  private constructor(duplex: Duplex, where: string, options: QmpConnectOptions, limits: CheckedLimits) {
    this.#where = where
    // The options are not kept: they hold the signal of the dial.
    const { clock, trace, vm, onEvent, onGreeting, onClosed: onGone } = options
    this.#hooks = { onGreeting, onClosed: onGone }
    this.#limits = limits
    this.#events = new EventHub(limits.eventBytes)
    hubs.set(this, this.#events)
    this.#pending = new PendingCalls(clock, limits.pending, new CallIds(true))
    let onClosed: (cause: Error) => void = () => undefined
    this.#closed = new Promise((resolve) => {
      onClosed = resolve
    })
    this.#greeted = new Promise((resolve, reject) => {
      this.#onGreeting = resolve
      inBackground('telling who waits for the greeting of a close', this.#closed.then(reject))
    })
    // Whoever connects awaits it; this only keeps a close before that from counting as unhandled.
    this.#greeted.catch(() => undefined)
    this.#inbox = new Inbox(this.#pending, limits, {
      onGreeting: (line) => {
        this.#onMonitorGreeting(line)
      },
      onEvent: (event, bytes) => {
        onEvent?.(event, bytes)
        this.#events.publish(event, bytes)
      },
    })
    this.#channel = new LineChannel(duplex, {
      label: 'qmp',
      maxMessageBytes: limits.messageBytes,
      lineMs: limits.lineMs,
      unsentBytes: limits.unsentBytes,
      clock,
      isUnfinished: () => this.#inbox.isUnfinished,
      trace,
      vm,
      onLine: (line) => {
        this.#inbox.push(line)
      },
      onTooLong: (ends, bytes) => {
        this.#inbox.pushTooLong(ends, bytes, tooLarge(limits.messageBytes))
      },
      onClose: (cause) => {
        onClosed(cause)
        this.#onClose(cause)
      },
    })
  }

  /**
   * Connect, wait for the greeting and negotiate.
   *
   * @param target - path of a UNIX socket, `unix:PATH`, `tcp:HOST:PORT`, TCP host and port, a connected Duplex, which the
   *   client then owns, or a function that makes one
   * @throws {@link ConnectionError} `ERR_CONNECT`, `ERR_MONITOR_BUSY`, `ERR_PROCESS_STOPPED`, `ERR_MONITOR_HANGS`,
   *   `ERR_NOT_QMP` or `ERR_CONNECTION_LOST`
   * @throws {@link InputError} for an address, a stream, a time-out or a limit that cannot be
   * @throws the signal's reason, and what `trace`, `onEvent` or `onGreeting` throws
   */
  static async connect(target: Target, options: QmpConnectOptions = {}): Promise<QmpClient> {
    const limits = checkLimits('qmp', options.limits, 'limits', options.maxMessageBytes)
    const deadline = new Deadline(options, limits.greetingMs, options.clock)
    options.signal?.throwIfAborted()
    const { where, path, duplex } = await openTarget(target, deadline, limits.dialMs)
    const client = new QmpClient(duplex, where, options, limits)
    try {
      await client.#handshake(deadline, options.oob ?? false, path)
    } catch (error) {
      const failure = connectError(where, deadline.timeoutMs, error)
      client.#channel.close(failure instanceof Error ? failure : new Error('aborted', { cause: failure }))
      throw failure
    }
    return client
  }

  /** What QEMU said first: its version and what it offers. */
  get greeting(): QmpGreeting {
    if (this.#greeting === undefined) throw new ConnectionError('ERR_CLOSED', 'not greeted')
    return this.#greeting
  }

  /** Where it is in its life; `closed` is final. */
  get state(): QmpClientState {
    return this.#state
  }

  /** Was out-of-band execution negotiated? */
  get oob(): boolean {
    return this.#oob
  }

  /** Answers so far that a call waited for, the negotiation's apart. */
  get answeredMessages(): number {
    // The negotiation's is the first.
    return Math.max(0, this.#inbox.answered - 1)
  }

  /** Messages dropped so far: replies that came too late, and what no client of this project understands. */
  get droppedMessages(): number {
    return this.#inbox.dropped
  }

  /** Resolves with the first cause once the connection is closed, by whichever side. */
  get closed(): Promise<Error> {
    return this.#closed
  }

  /**
   * Run one command. Known commands ({@link QmpCommands}) have their replies checked and typed. Those of a generated schema
   * ({@link QmpSchemaCommands}) are typed, and not checked; any other returns `unknown`.
   *
   * @throws {@link CommandError} when QEMU answers `error` (`outcome: 'rejected'`)
   * @throws {@link TimeoutError} when it does not answer in time (`outcome: 'unknown'`); a late answer is dropped
   * @throws {@link ConnectionError} when the connection is closed (`'not-sent'`) or ends meanwhile (`'unknown'`)
   * @throws {@link InputError} when the arguments cannot be JSON (`'not-sent'`)
   * @throws {@link ProtocolError} for a reply that QEMU's schema does not allow, or that is above a limit (`'unknown'`)
   * @throws {@link LimitError} when too many commands wait, or QEMU does not read (`'not-sent'`)
   */
  execute<C extends QmpCommandName>(
    command: C,
    args?: QmpCommands[C]['arguments'],
    options?: QmpCallOptions,
  ): Promise<QmpCommands[C]['returns']>
  execute(command: AnyCommandName, args?: QmpArguments, options?: QmpCallOptions): Promise<unknown>
  execute<C extends string>(command: C, ...rest: RestOfCall<C>): Promise<QmpSchemaReturn<C>>
  async execute(command: string, args?: QmpArguments, options: QmpCallOptions = {}): Promise<unknown> {
    const value = valueOf(await this.#send(command, args, options))
    return isKnownCommand(command) ? decodeReply(command, value) : value
  }

  /** The same connection for one who checks replies itself: each comes as QEMU sent it. */
  readonly unchecked: QmpExecutor = {
    execute: async (command, args, options = {}) => valueOf(await this.#send(command, args, options)),
    events: () => this.events(),
  }

  /**
   * Every event from now on, for one reader; ends when the client closes, fails when the reader falls behind by more
   * than `capacity` events (`limits.events` unless given), or `limits.eventBytes`.
   *
   * @throws {@link InputError} `ERR_LIMIT` for a capacity that cannot be
   */
  events(options: { readonly capacity?: number } = {}): EventStream<QmpEvent> {
    const { capacity = this.#limits.events } = options
    return this.#events.subscribe(checkLimit('capacity', capacity, WIRE_LIMITS.events))
  }

  /** Close the connection. Everything that waits rejects, every event stream ends. Closing again does nothing. */
  close(): Promise<void> {
    this.#channel.close(new ConnectionError('ERR_CLOSED', `the connection to ${this.#where} was closed by this side`))
    return Promise.resolve()
  }

  /** The same as {@link QmpClient.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #handshake(deadline: Deadline, wantOob: boolean, path: string | undefined): Promise<void> {
    const { signal, timeoutMs } = deadline.options()
    const silence = new SilenceWatch(this.#where, path, deadline)
    try {
      this.#greeting = await bounded(this.#greeted, {
        signal,
        timeoutMs,
        clock: deadline.clock,
        onTimeout: () => silence.error(),
      })
    } finally {
      silence.end()
    }
    this.#oob = wantOob && this.#greeting.capabilities.includes('oob')
    valueOf(await this.#ask('qmp_capabilities', this.#oob ? { enable: ['oob'] } : undefined, deadline.options()))
    // The connection may have ended with the very bytes of the answer.
    if (this.#channel.cause !== undefined) throw lostCall('qmp_capabilities', 'unknown', this.#channel.cause)
    this.#transition('ready')
  }

  #send(command: string, args: QmpArguments | undefined, options: QmpCallOptions): Promise<unknown> {
    if (this.#state !== 'ready') throw lostCall(command, 'not-sent', this.#channel.cause)
    return this.#ask(command, args, options)
  }

  #ask(command: string, args: QmpArguments | undefined, options: QmpCallOptions): Promise<unknown> {
    const timeoutMs = timeoutOf(options, this.#limits.commandMs)
    const { signal, oob = false, beforeSend } = options
    signal?.throwIfAborted()
    if (this.#channel.cause !== undefined) throw lostCall(command, 'not-sent', this.#channel.cause)
    if (oob && !this.#oob) throw new InputError('ERR_OOB', `${command}: out-of-band execution was not negotiated`)
    this.#channel.checkRoom(command)
    const encoded = encodeArguments(command, args)
    beforeSend?.()
    const { id, answer } = this.#pending.open(command, timeoutMs, options, oob)
    this.#channel.send(encodeCommand(oob ? 'exec-oob' : 'execute', command, encoded, id))
    return answer
  }

  #onMonitorGreeting(line: Uint8Array): void {
    const greeting = decodeGreeting(line, this.#where, this.#limits)
    this.#transition('negotiating')
    this.#onGreeting(greeting)
    this.#hooks.onGreeting?.(greeting)
  }

  #onClose(cause: Error): void {
    this.#transition('closed')
    this.#pending.rejectAll((command) => lostCall(command, 'unknown', cause))
    this.#events.end()
    this.#hooks.onClosed?.(cause)
  }

  #transition(to: QmpClientState): void {
    if (!successors[this.#state].includes(to)) throw new Error(`a QMP client cannot go from ${this.#state} to ${to}`)
    this.#state = to
  }
}
