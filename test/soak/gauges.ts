import { setImmediate as turn } from 'node:timers/promises'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a process uses and how it feels, at one moment. */
export interface Gauges {
  readonly rssMib: number
  /** After a collection, where the process may collect. */
  readonly heapMib: number
  /** Sockets, servers, pipes and the like that are open. */
  readonly handles: number
  readonly timers: number
  /** Listeners of the process, and at what the seats say. */
  readonly listeners: number
  /** Delay of the event loop since the last reading, in milliseconds. */
  readonly delayP50: number
  readonly delayP99: number
  readonly delayMax: number
}

/** How often the loop is looked at; what the histogram has is the time between two looks. */
const RESOLUTION_MS = 10

/** Reads this process. */
export class ProcessGauges {
  /** Is the heap that of after a collection? */
  readonly collects = typeof globalThis.gc === 'function'
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#delay.enable()
  }

  async read(seatListeners: number): Promise<Gauges> {
    const delay = this.#delay
    const delays = {
      delayP50: ms(delay.percentile(50)),
      delayP99: ms(delay.percentile(99)),
      delayMax: ms(delay.max),
    }
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    const resources = process.getActiveResourcesInfo()
    const timers = resources.filter((name) => name === 'Timeout').length
    const handles = resources.filter((name) => !['Timeout', 'Immediate', 'TickObject'].includes(name)).length
    const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), seatListeners)
    // The collection is this reading's own, and no delay that the run would have without it.
    await turn()
    await turn()
    delay.reset()
    return { rssMib: mib(rss), heapMib: mib(heapUsed), handles, timers, listeners, ...delays }
  }

  [Symbol.dispose](): void {
    this.#delay.disable()
  }
}

function ms(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS)
}

function mib(bytes: number): number {
  return bytes / 1_048_576
}
