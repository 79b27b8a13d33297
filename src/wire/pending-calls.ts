import { TimeoutError } from '../errors/peer-errors.ts'
import type { VcpuError } from '../errors/vcpu-error.ts'

/** What a pending call is told about itself when it is opened. */
export interface PendingCallOptions {
  /** For messages: the command's name. */
  readonly command: string
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Called when the call ends by its time-out or its signal, that is while its answer is still owed. */
  readonly onAbandon?: (() => void) | undefined
}

interface PendingCall {
  readonly command: string
  readonly origin: { readonly stack?: string }
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * The calls that wait for an answer, by id. Each ends exactly once: by its answer, its time-out, its signal, or with all
 * others when the connection ends. None leaves a timer or a listener behind.
 */
export class PendingCalls {
  readonly #calls = new Map<number, PendingCall>()
  #nextId = 1

  /** How many calls wait. */
  get size(): number {
    return this.#calls.size
  }

  /** Open a call: its id, and the promise of its answer. Ids are short numbers, never used twice. */
  open(options: PendingCallOptions): { readonly id: number; readonly answer: Promise<unknown> } {
    const id = this.#nextId++
    const origin: { stack?: string } = {}
    // Taken now, so that a refused command's stack points at who sent it and not at the socket.
    Error.captureStackTrace(origin)
    const { signal, timeoutMs, command } = options
    const answer = new Promise<unknown>((resolve, reject) => {
      const end = (): void => {
        this.#calls.delete(id)
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      }
      const call: PendingCall = {
        command,
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
      const onAbort = (): void => {
        call.reject(signal?.reason)
        options.onAbandon?.()
      }
      const timer = setTimeout(() => {
        const late = new TimeoutError(`${command}: no answer within ${timeoutMs} ms`, { outcome: 'unknown' })
        call.reject(withOrigin(late, origin))
        options.onAbandon?.()
      }, timeoutMs)
      this.#calls.set(id, call)
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    return { id, answer }
  }

  /** Give a call its answer. `false` when nobody waits for that id (any longer). */
  resolve(id: unknown, value: unknown): boolean {
    const call = this.#find(id)
    call?.resolve(value)
    return call !== undefined
  }

  /** End a call with the error that `make` builds for its command. `false` when nobody waits for that id. */
  reject(id: unknown, make: (command: string) => VcpuError): boolean {
    const call = this.#find(id)
    call?.reject(withOrigin(make(call.command), call.origin))
    return call !== undefined
  }

  /** The id of the call that has waited longest. */
  oldest(): number | undefined {
    return this.#calls.keys().next().value
  }

  /** End every call, each with its own error. */
  rejectAll(make: (command: string) => VcpuError): void {
    for (const call of [...this.#calls.values()]) call.reject(withOrigin(make(call.command), call.origin))
  }

  #find(id: unknown): PendingCall | undefined {
    return typeof id === 'number' ? this.#calls.get(id) : undefined
  }
}

function withOrigin<E extends Error>(error: E, origin: { readonly stack?: string }): E {
  const frames = origin.stack?.slice(origin.stack.indexOf('\n')) ?? ''
  error.stack = `${error.name}: ${error.message}${frames}`
  return error
}
