import type { DomainEvent } from '../../../src/index.ts'
import type { Seat } from './seat.ts'

/**
 * A listener as the documentation has it: it keeps the map of plugged vCPUs by what `changes()` tells, and reads the map at
 * the beginning and at each gap.
 */
export class Follower {
  readonly #seat: Seat
  #isReading = false
  #isDoubtful = false
  /** What it believes to be plugged; `undefined` until it has read the map. */
  plugged: ReadonlySet<number> | undefined
  readonly events: DomainEvent[] = []
  readonly states: string[] = []
  isOver = false
  /** What its streams failed with, which they never should. */
  failure: Error | undefined

  constructor(seat: Seat) {
    this.#seat = seat
  }

  start(): void {
    const fail = (error: unknown): void => {
      this.failure = error instanceof Error ? error : new Error(String(error))
    }
    this.#follow().catch(fail)
    this.#followStates().catch(fail)
  }

  async #follow(): Promise<void> {
    const changes = this.#seat.domain.changes()
    this.#read()
    for await (const event of changes) {
      this.events.push(event)
      if (event.type === 'gap') this.#read()
      else if (event.type === 'plugged') this.plugged = new Set([...(this.plugged ?? []), ...event.ids])
      else if (event.type === 'unplugged') {
        this.plugged = new Set([...(this.plugged ?? [])].filter((id) => !event.ids.has(id)))
      }
    }
    this.isOver = true
  }

  async #followStates(): Promise<void> {
    for await (const { state } of this.#seat.domain.states()) this.states.push(state)
  }

  /** Read the map, until it succeeds or the domain is closed, and go on listening meanwhile. */
  #read(): void {
    this.#isDoubtful = true
    if (this.#isReading) return
    this.#isReading = true
    void this.#readOn()
  }

  async #readOn(): Promise<void> {
    const { clock } = this.#seat.world
    while (this.#isDoubtful && this.#seat.closedAtMs === undefined) {
      this.#isDoubtful = false
      try {
        this.plugged = new Set(await this.#seat.domain.getVcpuMap())
      } catch {
        this.#isDoubtful = true
        await new Promise<void>((resolve) => {
          clock.after(100, resolve)
        })
      }
    }
    this.#isReading = false
  }
}
