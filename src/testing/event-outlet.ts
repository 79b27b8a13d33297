import type { Clock } from '../wire/clock.ts'

/** Where a QEMU's events go. */
export interface EventOutletOptions {
  readonly clock: Clock | undefined
  /** Sends a message to every client. */
  readonly publish: (message: object) => void
  /** Sees each event on its way, and calls `send` as often as it wants. */
  readonly route: ((event: string, data: object | undefined, send: () => void) => void) | undefined
}

/** The events' clock starts here, in seconds since 1970, and goes on a microsecond an event: the same in every run. */
const EPOCH_SECONDS = 1_700_000_000

/** The way of events out of QEMU: dated, routed, or not heard at all. */
export class EventOutlet {
  readonly #options: EventOutletOptions
  #events = 0
  #muffled = false

  constructor(options: EventOutletOptions) {
    this.#options = options
  }

  emit(event: string, data?: object): void {
    if (this.#muffled) return
    const { publish, route } = this.#options
    const message = { timestamp: this.#timestamp(), event, ...(data === undefined ? {} : { data }) }
    const send = (): void => {
      publish(message)
    }
    if (route === undefined) send()
    else route(event, data, send)
  }

  /** Do `task`, of whose events no client hears. */
  unheard(task: () => void): void {
    const before = this.#muffled
    this.#muffled = true
    try {
      task()
    } finally {
      this.#muffled = before
    }
  }

  #timestamp(): object {
    const { clock } = this.#options
    if (clock === undefined) return { seconds: EPOCH_SECONDS, microseconds: this.#events++ }
    const micros = Math.floor(clock.now() * 1_000)
    return { seconds: EPOCH_SECONDS + Math.floor(micros / 1_000_000), microseconds: micros % 1_000_000 }
  }
}
