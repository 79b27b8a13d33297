import { LimitError } from '../errors/limit-error.ts'
import { TimeoutError } from '../errors/peer-errors.ts'
import type { VcpuError } from '../errors/vcpu-error.ts'
import { onAbort } from './abort.ts'
import type { ReplyKind } from './call-options.ts'
import { systemClock, type Clock } from './clock.ts'

/** Most calls that are remembered after they were given up, for whoever wants to know of their late answers. */
const MAX_ABANDONED = 1_024

/** What a pending call is given when it is opened. */
export interface PendingCallOptions {
  /** For messages: the command's name. */
  readonly command: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Called when the call ends by its time-out or its signal, that is while its answer is still owed. */
  readonly onAbandon?: (() => void) | undefined
  /** Called with the answer itself, within the call that hands it over, also when it comes late. */
  readonly onReply?: ((kind: ReplyKind) => void) | undefined
  /** Called with what was returned after the call had been given up. */
  readonly onLateReturn?: ((value: unknown) => void) | undefined
}

interface PendingCall {
  readonly options: PendingCallOptions
  readonly origin: { readonly stack?: string }
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * The calls that wait for an answer, by id. Each ends exactly once: by its answer, its time-out, its signal, or with all
 * others when the connection ends. None leaves a timer or a listener behind.
 */
export class PendingCalls {
  readonly #clock: Clock
  readonly #calls = new Map<number, PendingCall>()
  /** Given up, and of interest still; the oldest goes when there are too many. */
  readonly #abandoned = new Map<number, PendingCallOptions>()
  readonly #maxCalls: number
  #nextId = 1

  /** @param maxCalls - most calls that may wait at once */
  constructor(clock: Clock = systemClock, maxCalls = Infinity) {
    this.#clock = clock
    this.#maxCalls = maxCalls
  }

  /** How many calls wait. */
  get size(): number {
    return this.#calls.size
  }

  /**
   * Open a call: its id, and the promise of its answer. Ids are short numbers, never used twice.
   *
   * @throws {@link LimitError} `ERR_TOO_MANY_PENDING` when as many wait as may
   */
  open(options: PendingCallOptions): { readonly id: number; readonly answer: Promise<unknown> } {
    if (this.#calls.size >= this.#maxCalls) throw tooManyPending(options.command, this.#maxCalls)
    const id = this.#nextId++
    const origin: { stack?: string } = {}
    // Taken now, so that a refused command's stack points at who sent it and not at the socket.
    Error.captureStackTrace(origin)
    const { signal, timeoutMs, command } = options
    const answer = new Promise<unknown>((resolve, reject) => {
      const end = (): void => {
        this.#calls.delete(id)
        timer.cancel()
        unwatch()
      }
      const call: PendingCall = {
        options,
        origin,
        resolve: (value) => {
          end()
          resolve(value)
        },
        reject: (error) => {
          end()
          reject(error)
        },
      }
      const timer = this.#clock.after(timeoutMs, () => {
        const late = new TimeoutError(`${command}: no answer within ${timeoutMs} ms`, { outcome: 'unknown' })
        call.reject(withOrigin(late, origin))
        this.#abandon(id, options)
      })
      const unwatch = onAbort(signal, (reason) => {
        call.reject(reason)
        this.#abandon(id, options)
      })
      this.#calls.set(id, call)
    })
    return { id, answer }
  }

  /** Give a call its answer. `false` when no call waits for that id (any longer). */
  resolve(id: unknown, value: unknown): boolean {
    const call = this.#find(id)
    call?.resolve(value)
    const late = call === undefined ? this.#takeAbandoned(id) : undefined
    const options = call?.options ?? late
    options?.onReply?.('return')
    late?.onLateReturn?.(value)
    return call !== undefined
  }

  /** End a call with the error that `make` builds for its command. `false` when no call waits for that id. */
  reject(id: unknown, make: (command: string) => VcpuError): boolean {
    const call = this.#find(id)
    call?.reject(withOrigin(make(call.options.command), call.origin))
    const options = call?.options ?? this.#takeAbandoned(id)
    options?.onReply?.('error')
    return call !== undefined
  }

  /** The same where it is not certain that the error is this call's answer: its `onReply` is not called. */
  rejectUnsure(id: unknown, make: (command: string) => VcpuError): boolean {
    const call = this.#find(id)
    call?.reject(withOrigin(make(call.options.command), call.origin))
    return call !== undefined
  }

  /** The id of the call that has waited longest. */
  oldest(): number | undefined {
    return this.#calls.keys().next().value
  }

  /** The id of the oldest call that was given up and whose late answer is of interest. */
  oldestAbandoned(): number | undefined {
    return this.#abandoned.keys().next().value
  }

  /** No answer to a call that was given up can come any longer. */
  forgetAbandoned(): void {
    this.#abandoned.clear()
  }

  /** End every call, each with its own error. */
  rejectAll(make: (command: string) => VcpuError): void {
    this.#abandoned.clear()
    for (const call of [...this.#calls.values()]) call.reject(withOrigin(make(call.options.command), call.origin))
  }

  #find(id: unknown): PendingCall | undefined {
    return typeof id === 'number' ? this.#calls.get(id) : undefined
  }

  #abandon(id: number, options: PendingCallOptions): void {
    if (options.onReply !== undefined || options.onLateReturn !== undefined) {
      this.#abandoned.set(id, options)
      const oldest = this.oldestAbandoned()
      if (this.#abandoned.size > MAX_ABANDONED && oldest !== undefined) this.#abandoned.delete(oldest)
    }
    options.onAbandon?.()
  }

  #takeAbandoned(id: unknown): PendingCallOptions | undefined {
    if (typeof id !== 'number') return undefined
    const options = this.#abandoned.get(id)
    this.#abandoned.delete(id)
    return options
  }
}

/** The error for a command that was not sent, since as many wait as may. */
export function tooManyPending(command: string, max: number): LimitError {
  return new LimitError('ERR_TOO_MANY_PENDING', `${command}: ${max} commands wait for an answer, which is the limit`)
}

function withOrigin<E extends Error>(error: E, origin: { readonly stack?: string }): E {
  const frames = origin.stack?.slice(origin.stack.indexOf('\n')) ?? ''
  error.stack = `${error.name}: ${error.message}${frames}`
  return error
}
