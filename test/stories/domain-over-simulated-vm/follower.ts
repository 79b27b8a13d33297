import type { Domain, DomainEvent } from '../../../src/index.ts'
import type { Clock } from '../../../src/testing/index.ts'

/**
 * A listener as the documentation has it: it keeps the map of plugged vCPUs by what `changes()` tells, and reads the map at
 * the beginning and at each gap.
 */
export class Follower {
  #isReading = false
  #isDoubtful = false
  /** What it believes to be plugged; `undefined` until it has read the map. */
  plugged: ReadonlySet<number> | undefined
  readonly events: DomainEvent[] = []
  readonly states: string[] = []
  isOver = false
  /** What its streams failed with, which they never should. */
  failure: Error | undefined

  /** Listen to a domain from now on. */
  start(domain: Domain, clock: Clock): void {
    const fail = (error: unknown): void => {
      this.failure = error instanceof Error ? error : new Error(String(error))
    }
    this.#follow(domain, clock).catch(fail)
    this.#followStates(domain).catch(fail)
  }

  async #follow(domain: Domain, clock: Clock): Promise<void> {
    const changes = domain.changes()
    this.#read(domain, clock)
    for await (const event of changes) {
      this.events.push(event)
      if (event.type === 'gap') this.#read(domain, clock)
      else if (event.type === 'plugged') this.plugged = new Set([...(this.plugged ?? []), ...event.ids])
      else if (event.type === 'unplugged') {
        this.plugged = new Set([...(this.plugged ?? [])].filter((id) => !event.ids.has(id)))
      }
    }
    this.isOver = true
  }

  async #followStates(domain: Domain): Promise<void> {
    for await (const { state } of domain.states()) this.states.push(state)
  }

  /** Read the map, until it succeeds or the domain is closed, and go on listening meanwhile. */
  #read(domain: Domain, clock: Clock): void {
    this.#isDoubtful = true
    if (this.#isReading) return
    this.#isReading = true
    void this.#readOn(domain, clock)
  }

  async #readOn(domain: Domain, clock: Clock): Promise<void> {
    while (this.#isDoubtful && domain.state !== 'closed') {
      this.#isDoubtful = false
      try {
        this.plugged = new Set(await domain.getVcpuMap())
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
