import type { SimulatedGuest } from './simulated-guest.ts'

/** The process of an agent in its guest: which one it is, and whether it runs. */
export class AgentProcess {
  readonly #guest: SimulatedGuest
  #life = 0
  #halted = false
  #whenGoing: (() => void)[] = []

  constructor(guest: SimulatedGuest) {
    this.#guest = guest
  }

  /** Another number for each process. */
  get life(): number {
    return this.#life
  }

  /** It stands still. */
  halt(): void {
    this.#halted = true
  }

  /** It goes on. */
  go(): void {
    this.#halted = false
    for (const task of this.#whenGoing.splice(0)) task()
  }

  /** Another process takes its place. */
  restart(): void {
    this.#life++
    this.go()
  }

  /** Resolves at once, or when both guest and process run. */
  whenItRuns(): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        this.#guest.whenUp(() => {
          if (this.#halted) this.#whenGoing.push(go)
          else resolve()
        })
      }
      go()
    })
  }

  /** What `task` resolves with, when the process runs; never, once another has taken its place. */
  async inLife<T>(life: number, task: () => Promise<T>): Promise<T> {
    await this.whenItRuns()
    return this.#life === life ? task() : new Promise(() => undefined)
  }
}
