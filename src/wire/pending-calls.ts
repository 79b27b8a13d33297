import { LimitError } from '../errors/limit-error.ts'
import { TimeoutError } from '../errors/peer-errors.ts'
import type { VcpuError } from '../errors/vcpu-error.ts'
import { onAbort } from './abort.ts'
import type { ReplyKind } from './call-options.ts'
import { CallIds, NO_ID } from './call-ids.ts'
import { systemClock, type Clock, type Timer } from './clock.ts'
import { Failure } from './failure.ts'

/** Most calls that are remembered after they were given up, for whoever wants to know of their late answers. */
const MAX_ABANDONED = 1_024

/** What a pending call is given when it is opened. */
export interface PendingCallOptions {
  readonly signal?: AbortSignal | undefined
  /** Called when the call ends by its time-out or its signal, that is while its answer is still owed. */
  readonly onAbandon?: (() => void) | undefined
  /** Called with the answer itself, within the call that hands it over, also when it comes late. */
  readonly onReply?: ((kind: ReplyKind) => void) | undefined
  /** Called with what was returned after the call had been given up. */
  readonly onLateReturn?: ((value: unknown) => void) | undefined
}

/** A call that waits for its answer, or did. */
export interface PendingCall {
  /** {@link NO_ID} where it needs none. */
  readonly id: number
  /**
   * Resolves however the call ends, with a {@link Failure} where it failed: `valueOf` gives the value, or throws in the
   * name of who awaits it.
   */
  readonly answer: Promise<unknown>
}

class Call implements PendingCall {
  readonly id: number
  readonly command: string
  readonly timeoutMs: number
  readonly endsAtMs: number
  readonly options: PendingCallOptions
  readonly answer: Promise<unknown>
  settle!: (settled: unknown) => void
  unwatch: (() => void) | undefined

  constructor(id: number, command: string, timeoutMs: number, endsAtMs: number, options: PendingCallOptions) {
    this.id = id
    this.command = command
    this.timeoutMs = timeoutMs
    this.endsAtMs = endsAtMs
    this.options = options
    this.answer = new Promise((settle) => {
      this.settle = settle
    })
  }

  fail(make: (command: string) => VcpuError): void {
    this.settle(new Failure(() => make(this.command)))
  }
}

/**
 * The calls that wait for an answer, by id. Each ends exactly once: by its answer, its time-out, its signal, or with all
 * others when the connection ends. All of them have one timer, which the last one leaves to run out: a timer for each would
 * cost more than the rest of a call. It ends with the connection. None leaves a listener behind.
 */
export class PendingCalls {
  readonly #clock: Clock
  readonly #calls = new Map<number, Call>()
  /** Given up, and of interest still; the oldest goes when there are too many. */
  #abandoned: Map<number, PendingCallOptions> | undefined
  readonly #maxCalls: number
  readonly #ids: CallIds
  /** Fires at `#firesAtMs`, which is no later than the end of any call that waits. */
  #timer: Timer | undefined
  #firesAtMs = Infinity
  /** A call without an id was given up, and its answer has not come. */
  #owesIdless = false

  /**
   * @param maxCalls - most calls that may wait at once
   * @param ids - which calls get one, and which
   */
  constructor(clock: Clock = systemClock, maxCalls = Infinity, ids: CallIds = new CallIds()) {
    this.#clock = clock
    this.#maxCalls = maxCalls
    this.#ids = ids
  }

  /** How many calls wait. */
  get size(): number {
    return this.#calls.size
  }

  /**
   * Open a call.
   *
   * @param command - its name, for messages
   * @param mayOvertake - its answer may overtake that of another call: it needs an id
   * @throws {@link LimitError} `ERR_TOO_MANY_PENDING` when as many wait as may
   */
  open(command: string, timeoutMs: number, options: PendingCallOptions, mayOvertake = false): PendingCall {
    if (this.#calls.size >= this.#maxCalls) throw tooManyPending(command, this.#maxCalls)
    const nowMs = this.#clock.now()
    const call = new Call(this.#ids.next(this.#calls, mayOvertake), command, timeoutMs, nowMs + timeoutMs, options)
    const { signal } = options
    if (signal !== undefined) {
      call.unwatch = onAbort(signal, (reason) => {
        this.#end(call.id)?.settle(new Failure(() => reason))
        this.#abandon(call)
      })
    }
    this.#calls.set(call.id, call)
    if (call.endsAtMs < this.#firesAtMs) this.#fireAt(call.endsAtMs, nowMs)
    return call
  }

  /** Is an answer without an id to come: that of a call that waits, or was given up? */
  get owesIdless(): boolean {
    return this.#owesIdless || this.#calls.has(NO_ID)
  }

  /** Answers came, or may come, that no call waits for: from now on each call has an id, and none that was used before. */
  distrust(): void {
    this.#ids.distrust()
  }

  /** Give a call its answer. `false` when no call waits for that id (any longer). */
  resolve(id: unknown, value: unknown): boolean {
    const call = this.#take(id)
    call?.settle(value)
    const late = call === undefined ? this.#takeAbandoned(id) : undefined
    const options = call?.options ?? late
    options?.onReply?.('return')
    late?.onLateReturn?.(value)
    return call !== undefined
  }

  /** End a call with the error that `make` builds for its command. `false` when no call waits for that id. */
  reject(id: unknown, make: (command: string) => VcpuError): boolean {
    const call = this.#take(id)
    call?.fail(make)
    const options = call?.options ?? this.#takeAbandoned(id)
    options?.onReply?.('error')
    return call !== undefined
  }

  /** The same where it is not certain that the error is this call's answer: its `onReply` is not called. */
  rejectUnsure(id: unknown, make: (command: string) => VcpuError): boolean {
    const call = this.#take(id)
    call?.fail(make)
    return call !== undefined
  }

  /** The id of the call that has waited longest. */
  oldest(): number | undefined {
    return this.#calls.keys().next().value
  }

  /** The id of the oldest call that was given up and whose late answer is of interest. */
  oldestAbandoned(): number | undefined {
    return this.#abandoned?.keys().next().value
  }

  /** No answer to a call that was given up can come any longer. */
  forgetAbandoned(): void {
    this.#abandoned = undefined
  }

  /** The connection has ended: end every call, each with its own error. */
  rejectAll(make: (command: string) => VcpuError): void {
    this.#abandoned = undefined
    for (const id of [...this.#calls.keys()]) this.#end(id)?.fail(make)
    this.#timer?.cancel()
    this.#timer = undefined
    this.#firesAtMs = Infinity
  }

  #take(id: unknown): Call | undefined {
    return typeof id === 'number' ? this.#end(id) : undefined
  }

  /** The call, which waits no longer. */
  #end(id: number): Call | undefined {
    const call = this.#calls.get(id)
    if (call === undefined) return undefined
    this.#calls.delete(id)
    call.unwatch?.()
    return call
  }

  #fireAt(atMs: number, nowMs: number): void {
    this.#timer?.cancel()
    this.#firesAtMs = atMs
    this.#timer = this.#clock.after(atMs - nowMs, this.#onTime)
  }

  readonly #onTime = (): void => {
    this.#firesAtMs = Infinity
    this.#timer = undefined
    const nowMs = this.#clock.now()
    let nextMs = Infinity
    for (const call of this.#calls.values()) {
      const { command, timeoutMs, endsAtMs } = call
      if (endsAtMs > nowMs) {
        nextMs = Math.min(nextMs, endsAtMs)
        continue
      }
      this.#end(call.id)
      call.fail(() => new TimeoutError(`${command}: no answer within ${timeoutMs} ms`, { outcome: 'unknown' }))
      this.#abandon(call)
    }
    if (nextMs < this.#firesAtMs) this.#fireAt(nextMs, nowMs)
  }

  #abandon({ id, options }: Call): void {
    this.#ids.distrust()
    this.#owesIdless ||= id === NO_ID
    if (options.onReply !== undefined || options.onLateReturn !== undefined) {
      const abandoned = (this.#abandoned ??= new Map<number, PendingCallOptions>())
      abandoned.set(id, options)
      const oldest = this.oldestAbandoned()
      if (abandoned.size > MAX_ABANDONED && oldest !== undefined) abandoned.delete(oldest)
    }
    options.onAbandon?.()
  }

  #takeAbandoned(id: unknown): PendingCallOptions | undefined {
    if (typeof id !== 'number') return undefined
    if (id === NO_ID) this.#owesIdless = false
    const options = this.#abandoned?.get(id)
    this.#abandoned?.delete(id)
    return options
  }
}

/** The error for a command that was not sent, since as many wait as may. */
export function tooManyPending(command: string, max: number): LimitError {
  return new LimitError('ERR_TOO_MANY_PENDING', `${command}: ${max} commands wait for an answer, which is the limit`)
}
