/** What an event emitter of this process can say that it never should. */
const EVENTS = ['unhandledRejection', 'uncaughtException', 'warning'] as const

/** The part of `process` that is listened to. */
export interface ProcessEvents {
  on(event: string, listener: (what: unknown) => void): unknown
  off(event: string, listener: (what: unknown) => void): unknown
}

/** Hears what no call was answered with: unhandled rejections, uncaught exceptions and warnings. */
export class ProcessWatch {
  readonly #process: ProcessEvents
  readonly #listeners = new Map<string, (what: unknown) => void>()
  #heard: string[] = []

  constructor(events: ProcessEvents = process) {
    this.#process = events
    for (const event of EVENTS) {
      const listener = (what: unknown): void => {
        // Node's own, of a module that it calls experimental or deprecated when it is first loaded.
        if (what instanceof Error && /^(Experimental|Deprecation)Warning$/.test(what.name)) return
        this.#heard.push(`${event}: ${what instanceof Error ? (what.stack ?? what.message) : JSON.stringify(what)}`)
      }
      this.#listeners.set(event, listener)
      events.on(event, listener)
    }
  }

  /** What was heard since it was asked last. */
  take(): readonly string[] {
    const heard = this.#heard
    this.#heard = []
    return heard
  }

  /** Listen no longer. */
  end(): void {
    for (const [event, listener] of this.#listeners) this.#process.off(event, listener)
  }
}
