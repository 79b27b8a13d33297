import type { Duplex } from 'node:stream'
import { ConnectionError } from '../errors/peer-errors.ts'
import { bounded } from '../wire/bounded.ts'
import type { ExecuteOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import { checkLimits, type CheckedLimits } from '../wire/checked-limits.ts'
import { Deadline } from '../wire/deadline.ts'
import { encodeArguments, encodeCommand, lostCall } from '../wire/envelope.ts'
import { valueOf } from '../wire/failure.ts'
import { LineChannel } from '../wire/line-channel.ts'
import { PendingCalls, tooManyPending } from '../wire/pending-calls.ts'
import { openTarget, type Target } from '../wire/target.ts'
import { tooLarge } from '../wire/too-long-line.ts'
import { AgentTurns } from './agent-turns.ts'
import { callQga, isKnownCommand, type QgaCommandName, type QgaCommands } from './commands.ts'
import type { QgaConnectOptions } from './connect-options.ts'
import type { QgaArguments, QgaExecutor } from './executor.ts'
import { Inbox } from './inbox.ts'
import type { QgaListedCommandName, QgaListedReturn } from './listed-commands.ts'
import { DelimitedSync } from './sync.ts'

/** A sync runs alone. */
const ALONE = { ahead: false, bytes: 0 }

/** `unsynced`: the next command syncs first. */
export type QgaClientState = 'unsynced' | 'syncing' | 'synced' | 'closed'

/**
 * A client of one QEMU guest agent. The agent is a hostile peer: one command is in flight at a time, and several only
 * where each of them has `sendAhead` and the agent echoes ids; a delimited sync with a random id goes before the first
 * command, and after any time-out, abort or bad line as soon as nothing is in flight; replies are limited (docs/limits.md)
 * and checked; what answers nothing is dropped and counted, and a flood of it closes the channel.
 */
export class QgaClient implements QgaExecutor {
  readonly #where: string
  readonly #channel: LineChannel
  readonly #limits: CheckedLimits
  readonly #inbox: Inbox
  readonly #clock: Clock | undefined
  readonly #pending: PendingCalls
  readonly #turns: AgentTurns
  readonly #closed: Promise<Error>
  #state: QgaClientState = 'unsynced'
  /** Ends the sync that waits for its answer. */
  #onLost: (cause: Error) => void = () => undefined

  private constructor(duplex: Duplex, where: string, options: QgaConnectOptions, limits: CheckedLimits) {
    this.#where = where
    this.#limits = limits
    // The options are not kept: they hold the signal of the dial.
    const { clock, trace, vm, onClosed: onGone } = options
    this.#clock = clock
    this.#pending = new PendingCalls(clock)
    this.#turns = new AgentTurns(() => this.#state === 'synced' && this.#inbox.echoesIds, clock)
    this.#inbox = new Inbox(where, this.#pending, limits, {
      onEcho: () => {
        this.#turns.check()
      },
      onOutOfStep: () => {
        this.#state = 'unsynced'
      },
    })
    let onClosed: (cause: Error) => void = () => undefined
    this.#closed = new Promise((resolve) => {
      onClosed = resolve
    })
    this.#channel = new LineChannel(duplex, {
      label: 'qga',
      maxMessageBytes: limits.messageBytes,
      lineMs: limits.lineMs,
      unsentBytes: limits.unsentBytes,
      spreadsLongLines: true,
      clock,
      trace,
      vm,
      onLine: (line) => this.#inbox.push(line),
      onTooLong: (_ends, bytes) => {
        this.#inbox.pushTooLong(bytes, tooLarge(limits.messageBytes))
      },
      onClose: (cause) => {
        this.#state = 'closed'
        this.#onLost(cause)
        this.#pending.rejectAll((command) => lostCall(command, 'unknown', cause))
        onClosed(cause)
        onGone?.(cause)
      },
    })
  }

  /**
   * Connect to the agent's channel and sync.
   *
   * @param target - path of a UNIX socket, `unix:PATH`, `tcp:HOST:PORT`, TCP host and port, a connected Duplex, which the
   *   client then owns, or a function that makes one
   * @throws {@link ConnectionError} `ERR_CONNECT` without a channel, `ERR_NO_AGENT_ANSWER` when no agent answers in it,
   *   `ERR_NOT_AGENT` when it is a monitor, `ERR_CONNECTION_LOST` when it ends or what comes from it is above a limit
   * @throws {@link InputError} for an address, a stream, a time-out or a limit that cannot be
   * @throws the signal's reason, and what `trace` throws
   */
  static async connect(target: Target, options: QgaConnectOptions = {}): Promise<QgaClient> {
    const limits = checkLimits('qga', options.limits, 'limits', options.maxMessageBytes)
    const deadline = new Deadline(options, limits.syncMs, options.clock)
    options.signal?.throwIfAborted()
    const { where, duplex } = await openTarget(target, deadline, limits.dialMs)
    const client = new QgaClient(duplex, where, options, limits)
    if (options.sync === false) return client
    try {
      await client.#turns.run(deadline, 'guest-sync-delimited', ALONE, () => client.#synchronise(deadline))
    } catch (error) {
      await client.close()
      throw error
    }
    return client
  }

  /** Where it is in its life; `closed` is final. */
  get state(): QgaClientState {
    return this.#state
  }

  /** Answers so far that a call waited for; those to syncs apart. */
  get answeredMessages(): number {
    return this.#inbox.answered
  }

  /** Lines dropped so far: stale, late or unreadable. */
  get droppedMessages(): number {
    return this.#inbox.dropped
  }

  /** Resolves with the first cause once the connection is closed, by whichever side. */
  get closed(): Promise<Error> {
    return this.#closed
  }

  /**
   * Run one command. Known commands ({@link QgaCommands}) have their replies checked and typed; any other returns
   * `unknown`.
   *
   * @throws {@link CommandError} when the agent answers `error` (`outcome: 'rejected'`)
   * @throws {@link TimeoutError} when it does not answer in time (`'unknown'`), or its turn never came (`'not-sent'`)
   * @throws {@link ConnectionError} `ERR_NO_AGENT_ANSWER` when nobody answers the sync (`'not-sent'`); or when the
   *   channel is closed (`'not-sent'`) or ends meanwhile (`'unknown'`)
   * @throws {@link ProtocolError} for an answer that is not one, or is above a limit (`'unknown'`)
   * @throws {@link LimitError} when too many commands wait, or the agent does not read (`'not-sent'`)
   */
  execute<C extends QgaCommandName>(
    command: C,
    args?: QgaCommands[C]['arguments'],
    options?: ExecuteOptions,
  ): Promise<QgaCommands[C]['returns']>
  execute<C extends QgaListedCommandName>(
    command: C,
    args?: QgaArguments,
    options?: ExecuteOptions,
  ): Promise<QgaListedReturn<C>>
  execute(command: string, args?: QgaArguments, options?: ExecuteOptions): Promise<unknown>
  async execute(command: string, args?: QgaArguments, options: ExecuteOptions = {}): Promise<unknown> {
    return isKnownCommand(command)
      ? callQga(this.unchecked, command, args as QgaCommands[typeof command]['arguments'], options)
      : this.unchecked.execute(command, args, options)
  }

  /** The same channel for one who checks replies itself: each comes as the agent sent it. */
  readonly unchecked: QgaExecutor = {
    execute: async (command, args, options = {}) => {
      const { pending, commandMs } = this.#limits
      const deadline = new Deadline(options, commandMs, this.#clock)
      if (this.#turns.length >= pending) throw tooManyPending(command, pending)
      this.#channel.checkRoom(command)
      const encoded = encodeArguments(command, args)
      const claim = { ahead: options.sendAhead === true, bytes: command.length + Buffer.byteLength(encoded) }
      const sent = { hasLeft: false }
      try {
        return await this.#turns.run(deadline, command, claim, async () => {
          if (this.#state !== 'synced') await this.#synchronise(deadline)
          options.beforeSend?.()
          const answer = this.#send(command, encoded, deadline, options)
          sent.hasLeft = true
          return valueOf(await answer)
        })
      } catch (error) {
        if (!sent.hasLeft) options.onUnsent?.()
        throw error
      }
    },
  }

  /** Close the connection. Everything that waits rejects. Closing again does nothing. */
  close(): Promise<void> {
    this.#channel.close(new ConnectionError('ERR_CLOSED', `the channel at ${this.#where} was closed by this side`))
    return Promise.resolve()
  }

  /** The same as {@link QgaClient.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #synchronise(deadline: Deadline): Promise<void> {
    if (this.#state === 'closed') {
      const { cause } = this.#channel
      throw isNotAgent(cause) ? cause : lostCall('guest-sync-delimited', 'not-sent', cause)
    }
    const { signal, timeoutMs } = deadline.options()
    signal?.throwIfAborted()
    this.#state = 'syncing'
    const sync = new DelimitedSync()
    const syncTimeoutMs = Math.min(timeoutMs, this.#limits.syncMs)
    const answered = new Promise<void>((resolve, reject) => {
      this.#onLost = (cause) => {
        reject(isNotAgent(cause) ? cause : lostCall('guest-sync-delimited', 'not-sent', cause))
      }
      this.#inbox.awaitSync(sync, resolve)
    })
    this.#channel.send(sync.request())
    try {
      await bounded(answered, {
        signal,
        timeoutMs: syncTimeoutMs,
        clock: this.#clock,
        onTimeout: () =>
          new ConnectionError(
            'ERR_NO_AGENT_ANSWER',
            `no guest agent answered at ${this.#where} within ${syncTimeoutMs} ms: it does not run (yet), the guest hangs, ` +
              'or another client holds the channel',
            { outcome: 'not-sent' },
          ),
      })
      this.#setUnlessClosed('synced')
      this.#turns.check()
    } catch (error) {
      this.#setUnlessClosed('unsynced')
      throw error
    } finally {
      this.#inbox.endSync()
    }
  }

  #send(
    command: string,
    encoded: string,
    deadline: Deadline,
    { onReply, onLateReturn }: ExecuteOptions,
  ): Promise<unknown> {
    const { signal, timeoutMs } = deadline.options()
    signal?.throwIfAborted()
    // The channel may have ended with the very bytes of the sync's answer.
    if (this.#channel.cause !== undefined) throw lostCall(command, 'not-sent', this.#channel.cause)
    const { id, answer } = this.#pending.open(command, timeoutMs, {
      signal,
      onReply,
      onLateReturn,
      // Its answer is still owed: the next command must not take it for its own.
      onAbandon: () => {
        this.#setUnlessClosed('unsynced')
      },
    })
    this.#channel.send(encodeCommand('execute', command, encoded, id))
    return answer
  }

  #setUnlessClosed(state: QgaClientState): void {
    if (this.#state !== 'closed') this.#state = state
  }
}

function isNotAgent(cause: Error | undefined): cause is ConnectionError {
  return cause instanceof ConnectionError && cause.code === 'ERR_NOT_AGENT'
}
