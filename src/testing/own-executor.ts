import type { Duplex } from 'node:stream'
import { decodeEvent } from '../qmp/events.ts'
import type { QmpEvent } from '../qmp/executor.ts'
import type { CallOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import { TimeoutError } from '../errors/peer-errors.ts'
import { EventHub, type EventStream } from '../wire/event-stream.ts'
import { OwnLine } from './own-line.ts'

/** Events held for one reader. */
const EVENT_CAPACITY = 65_536

/** What an {@link OwnExecutor} is made of. */
export interface OwnExecutorOptions {
  readonly label: 'qmp' | 'qga'
  readonly dial: () => Duplex
  readonly nextId: () => string
  readonly clock: Clock
  /** `false`: it takes no notice of `signal` and `timeoutMs`. */
  readonly isBounded: boolean
}

/**
 * An executor as a daemon would bring its own. It connects at once, and again when its connection ends; what was under way
 * is then lost, and events in between are not heard.
 */
export class OwnExecutor {
  readonly #options: OwnExecutorOptions
  readonly #events = new EventHub<QmpEvent>()
  #line: OwnLine | undefined

  constructor(options: OwnExecutorOptions) {
    this.#options = options
    this.reconnect()
  }

  /** Connect, unless it is connected or nothing is there. */
  reconnect(): void {
    try {
      this.#connected()
    } catch {
      // The next command says so.
    }
  }

  async execute(command: string, args?: object, options: CallOptions = {}): Promise<unknown> {
    const { signal, timeoutMs } = this.#options.isBounded ? options : {}
    signal?.throwIfAborted()
    const answer = this.#connected().request(command, args)
    let release = (): void => undefined
    const limit = new Promise<never>((_, reject) => {
      const onAbort = (): void => {
        reject(signal?.reason)
      }
      const onTimeout = (): void => {
        reject(new TimeoutError(`${command}: no answer within ${timeoutMs ?? 0} ms`, { outcome: 'unknown' }))
      }
      const timer = timeoutMs === undefined ? undefined : this.#options.clock.after(timeoutMs, onTimeout)
      signal?.addEventListener('abort', onAbort, { once: true })
      release = () => {
        timer?.cancel()
        signal?.removeEventListener('abort', onAbort)
      }
    })
    try {
      return await Promise.race([answer, limit])
    } finally {
      release()
    }
  }

  events(): EventStream<QmpEvent> {
    return this.#events.subscribe(EVENT_CAPACITY)
  }

  /** Every event stream ends, as when the daemon's own distribution of events breaks; commands go on. */
  endEvents(): void {
    this.#events.end()
  }

  #connected(): OwnLine {
    const { label, nextId, dial } = this.#options
    this.#line ??= new OwnLine(dial(), {
      label,
      nextId,
      onEvent: (message) => {
        this.#events.publish(decodeEvent(message))
      },
      onClose: () => {
        this.#line = undefined
        // Not from within the end of the last one, and never so fast that nothing else gets its turn.
        setImmediate(() => {
          this.reconnect()
        })
      },
    })
    return this.#line
  }
}
