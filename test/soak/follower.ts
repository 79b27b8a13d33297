import { setImmediate as turn } from 'node:timers/promises'
import type { Domain } from '../../src/index.ts'

/** A reader of `changes()` that keeps the set of plugged vCPUs by what it is told. */
export class Follower {
  readonly #plugged = new Set<number>()
  #isInGap = true
  #failure: Error | undefined
  readonly #reading: Promise<void>

  constructor(domain: Domain) {
    this.#reading = this.#follow(domain).catch((error: unknown) => {
      this.#failure = error instanceof Error ? error : new Error('with something else than an error')
    })
  }

  /**
   * Compare with what is plugged; after a gap it takes that over, which is what `gap` asks for.
   *
   * @returns what is false
   */
  async compare(plugged: Iterable<number>): Promise<readonly string[]> {
    // What is in the stream reaches its reader a turn later.
    await turn()
    await turn()
    if (this.#failure !== undefined) return [`changes() failed: ${this.#failure.message}`]
    const really = [...plugged].sort((one, other) => one - other)
    const reported = [...this.#plugged].sort((one, other) => one - other)
    if (!this.#isInGap) {
      return really.join() === reported.join()
        ? []
        : [`changes() leads to ${reported.join()}, and ${really.join()} are plugged`]
    }
    this.#plugged.clear()
    for (const id of really) this.#plugged.add(id)
    this.#isInGap = false
    return []
  }

  /** What it was compared with has changed meanwhile: what it took over may be older than what it has read. */
  doubt(): void {
    this.#isInGap = true
  }

  /** Resolves when the stream has ended, which it does when its domain closes. */
  async ended(): Promise<void> {
    await this.#reading
  }

  async #follow(domain: Domain): Promise<void> {
    for await (const event of domain.changes()) {
      if (event.type === 'plugged') for (const id of event.ids) this.#plugged.add(id)
      else if (event.type === 'unplugged') for (const id of event.ids) this.#plugged.delete(id)
      else if (event.type === 'gap') this.#isInGap = true
    }
  }
}
