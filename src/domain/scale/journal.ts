import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { EventStream } from '../../wire/event-stream.ts'
import type { ScaleProgress } from './progress.ts'

/**
 * All that has happened in one run, for readers that come at any time. It is as long as the plan makes it: a handful of
 * entries a step, so that nothing need ever be dropped.
 */
export class Journal {
  readonly #entries: ScaleProgress[] = []
  readonly #readers = new Set<EventStream<ScaleProgress>>()
  #hasEnded = false
  #changed = CpuMap.empty

  /** The ids that are changed now. */
  get changed(): CpuMap {
    return this.#changed
  }

  /** Write an entry, and hand it to every reader. */
  add(entry: ScaleProgress): void {
    this.#entries.push(entry)
    if (entry.type === 'done' || entry.type === 'failed') this.#changed = this.#changed.union(entry.changed)
    if (entry.type === 'rolled-back') this.#changed = this.#changed.difference(entry.restored)
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
