import { CommandError, ConnectionError, TimeoutError } from '../errors/peer-errors.ts'
import { onAbort } from './abort.ts'
import { bounded } from './bounded.ts'
import { timeoutOf, type ExecuteOptions, type ReplyKind } from './call-options.ts'
import { systemClock, type Clock } from './clock.ts'
import { QMP_COMMAND_TIMEOUT_MS } from './defaults.ts'
import type { Link } from './endpoint.ts'

/** What an executor of either protocol looks like from here. */
export interface AnyExecutor<Event> {
  execute(command: string, args?: Readonly<Record<string, unknown>>, options?: ExecuteOptions): Promise<unknown>
  events?(): AsyncIterable<Event>
}

/**
 * The link of an executor of the caller's own, which is never closed by this side. What this package promises of every
 * call holds on it all the same: it ends within its time-out and signal, even where the executor never settles; it
 * rejects with `ERR_CLOSED` once the link is closed; its answer is made known by `onReply`.
 *
 * @param isBounded - the executor is a client of this package: it keeps to time-out and signal by itself
 */
export function callerOwned<Event>(
  executor: AnyExecutor<Event>,
  clock: Clock = systemClock,
  isBounded = false,
): Link<AnyExecutor<Event>> {
  const guarded = new GuardedCalls(executor, clock, isBounded)
  const execute: AnyExecutor<Event>['execute'] = (command, args, options) => guarded.execute(command, args, options)
  const events = (): AsyncIterable<Event> => guardedEvents(() => executor.events?.())
  return {
    executor: executor.events === undefined ? { execute } : { execute, events },
    open: () => Promise.resolve(),
    close: () => {
      guarded.close()
      return Promise.resolve()
    },
  }
}

class GuardedCalls {
  readonly #executor: AnyExecutor<unknown>
  readonly #clock: Clock
  readonly #isBounded: boolean
  readonly #running = new Map<(error: Error) => void, string>()
  #isClosed = false

  constructor(executor: AnyExecutor<unknown>, clock: Clock, isBounded: boolean) {
    this.#executor = executor
    this.#clock = clock
    this.#isBounded = isBounded
  }

  async execute(
    command: string,
    args: Readonly<Record<string, unknown>> | undefined,
    options: ExecuteOptions = {},
  ): Promise<unknown> {
    if (this.#isClosed) throw closedCall(command, 'not-sent')
    const timeoutMs = timeoutOf(options, QMP_COMMAND_TIMEOUT_MS)
    const { signal } = options
    signal?.throwIfAborted()
    // Of its own for each call: an executor that listens to what it is given must not add up listeners on a shared signal.
    const own = new AbortController()
    let end: (error: Error) => void = () => undefined
    const closed = new Promise<never>((_, reject) => {
      end = (error) => {
        reject(error)
        // What still waits in the executor for its turn must not leave after this.
        own.abort(error)
      }
    })
    // Only who waits below is concerned.
    closed.catch(() => undefined)
    this.#running.set(end, command)
    const release = onAbort(signal, (reason) => {
      own.abort(reason)
    })
    const call = new ForeignCall({ ...options, signal: own.signal })
    try {
      const settled = Promise.race([call.run(this.#executor, command, args), closed])
      if (this.#isBounded) return await settled
      return await bounded(settled, {
        signal,
        timeoutMs,
        clock: this.#clock,
        onTimeout: () => new TimeoutError(`${command}: no answer within ${timeoutMs} ms`, { outcome: 'unknown' }),
      })
    } finally {
      call.isOver = true
      release()
      this.#running.delete(end)
    }
  }

  close(): void {
    this.#isClosed = true
    for (const [end, command] of [...this.#running]) end(closedCall(command, 'unknown'))
  }
}

/** One call on a foreign executor: hands its answer to the callbacks where the executor did not. */
class ForeignCall {
  /** Has its caller been answered, by whatever? */
  isOver = false
  readonly #options: ExecuteOptions
  #isReplied = false
  #isLateTold = false

  constructor(options: ExecuteOptions) {
    this.#options = options
  }

  async run(
    executor: AnyExecutor<unknown>,
    command: string,
    args: Readonly<Record<string, unknown>> | undefined,
  ): Promise<unknown> {
    this.#options.beforeSend?.()
    try {
      const value = await executor.execute(command, args, {
        ...this.#options,
        onReply: (kind) => {
          this.#reply(kind)
        },
        onLateReturn: (late) => {
          this.#late(late)
        },
      })
      this.#reply('return')
      if (this.isOver) this.#late(value)
      return value
    } catch (error) {
      // Any other rejection is not an answer, nor is a refusal that may be another command's.
      if (error instanceof CommandError && error.outcome !== 'unknown') this.#reply('error')
      throw error
    }
  }

  #reply(kind: ReplyKind): void {
    if (this.#isReplied) return
    this.#isReplied = true
    this.#options.onReply?.(kind)
  }

  #late(value: unknown): void {
    if (this.#isLateTold) return
    this.#isLateTold = true
    this.#options.onLateReturn?.(value)
  }
}

function closedCall(command: string, outcome: 'not-sent' | 'unknown'): ConnectionError {
  return new ConnectionError('ERR_CLOSED', `${command}: the connection was closed by this side`, { outcome })
}

/**
 * The events of an executor of the caller's own, from now on. What goes wrong with them is the reader's to see at its next
 * event, and leaving them never fails: a reader that leaves has no use for an error.
 *
 * @param subscribe - makes them; `undefined` where there are none (any longer)
 */
function guardedEvents<E>(subscribe: () => AsyncIterable<E> | undefined): AsyncIterableIterator<E> {
  let source: Promise<AsyncIterator<E> | undefined>
  try {
    source = Promise.resolve(subscribe()?.[Symbol.asyncIterator]())
  } catch (error) {
    source = Promise.reject(error instanceof Error ? error : new Error(String(error)))
    source.catch(() => undefined)
  }
  const end = { done: true, value: undefined } as const
  return {
    next: async () => (await source)?.next() ?? end,
    return: async () => {
      try {
        await (await source)?.return?.()
      } catch {
        // It is left, however it takes that.
      }
      return end
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
