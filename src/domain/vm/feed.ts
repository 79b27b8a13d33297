import { EventHub, type EventStream } from '../../wire/event-stream.ts'
import type { DomainEvent } from './news.ts'

/** Tells subscribers what became of the VM's vCPUs, each from its own first moment on. */
export class Feed {
  readonly #hub = new EventHub<DomainEvent>()

  /** Does anybody listen? */
  get hasReaders(): boolean {
    return this.#hub.size > 0
  }

  subscribe(): EventStream<DomainEvent> {
    return this.#hub.subscribe()
  }

  publish(news: readonly DomainEvent[]): void {
    for (const event of news) this.#hub.publish(event)
  }

  end(): void {
    this.#hub.end()
  }
}
