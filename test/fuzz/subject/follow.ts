import type { DomainUnderTest } from './perform.ts'

/** Readers of `changes()` and `states()`, until both have ended. */
export class Readers {
  readonly #open: Promise<string>[] = []
  readonly #endings: string[] = []

  /** Follow a domain from now on. */
  follow(domain: DomainUnderTest): void {
    this.#read('changes()', () => domain.changes())
    this.#read('states()', () => domain.states())
  }

  /** How many have not ended. */
  get left(): number {
    return this.#open.length - this.#endings.length
  }

  /** What streams failed with that should not. */
  get failures(): readonly string[] {
    return this.#endings.filter((ending) => ending !== '')
  }

  #read(name: string, subscribe: () => AsyncIterable<unknown>): void {
    const end = async (): Promise<string> => {
      try {
        const stream = subscribe()[Symbol.asyncIterator]()
        while ((await stream.next()).done !== true) continue
        return ''
      } catch (error) {
        // A domain without a monitor has no changes; a flood leaves its reader behind.
        const isExpected =
          error instanceof Error && /ERR_(NO_MONITOR|EVENT_OVERFLOW)/.test(String(Reflect.get(error, 'code')))
        return isExpected ? '' : `${name} failed with ${String(error)}`
      }
    }
    const reading = end()
    this.#open.push(reading)
    void reading.then((ending) => this.#endings.push(ending))
  }
}
