import { EventStream } from '../../wire/event-stream.ts'
import type { ScaleProgress } from './progress.ts'

/**
 * All that has happened in one run, for readers that come at any time. A handful of entries a step, and the
 * steps are bounded, so that nothing need ever be dropped.
 */
export class Journal {
  readonly #entries: ScaleProgress[] = []
  readonly #readers = new Set<EventStream<ScaleProgress>>()
  #hasEnded = false

  /** Write an entry, and hand it to every reader. */
  add(entry: ScaleProgress): void {
    this.#entries.push(entry)
    for (const reader of this.#readers) reader.push(entry)
  }

  /** No more entries will come. */
  end(): void {
    this.#hasEnded = true
    for (const reader of [...this.#readers]) reader.end()
  }

  /** Everything from the first entry on. */
  read(): EventStream<ScaleProgress> {
    const reader = new EventStream<ScaleProgress>(Number.POSITIVE_INFINITY, (ended) => this.#readers.delete(ended))
    for (const entry of this.#entries) reader.push(entry)
    if (this.#hasEnded) reader.end()
    else this.#readers.add(reader)
    return reader
  }
}
