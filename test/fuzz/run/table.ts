import type { Tally } from './verdict.ts'

const UNHURT = '(none)'

/** Counts exchanges: by what went wrong in their plan and by operation, and how they ended. */
export class Table {
  readonly #cells = new Map<string, Map<string, number>>()
  readonly #endings = new Map<string, number>()
  #exchanges = 0
  #liedTo = 0

  /** How many exchanges there were. */
  get exchanges(): number {
    return this.#exchanges
  }

  /** Of those, how many met something that went wrong. */
  get struck(): number {
    return this.#exchanges - [...(this.#cells.get(UNHURT)?.values() ?? [])].reduce((sum, count) => sum + count, 0)
  }

  /** And how many, before it, were lied to. */
  get liedTo(): number {
    return this.#liedTo
  }

  add(tallies: readonly Tally[]): void {
    for (const { operation, ending, mishaps, isLiedTo } of tallies) {
      this.#exchanges++
      if (isLiedTo) this.#liedTo++
      this.#endings.set(ending, (this.#endings.get(ending) ?? 0) + 1)
      for (const mishap of mishaps.length === 0 ? [UNHURT] : mishaps) {
        const row = this.#cells.get(mishap) ?? new Map<string, number>()
        this.#cells.set(mishap, row)
        row.set(operation, (row.get(operation) ?? 0) + 1)
      }
    }
  }

  /** Operations down, kinds of faults across: an exchange counts once for each kind that had struck by its end. */
  grid(): string {
    const kinds = [...this.#cells.keys()].sort()
    const operations = [...new Set([...this.#cells.values()].flatMap((row) => [...row.keys()]))].sort()
    const head = ['', ...kinds]
    const rows = operations.map((operation) => [
      operation,
      ...kinds.map((kind) => String(this.#cells.get(kind)?.get(operation) ?? '.')),
    ])
    const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
    return [head, ...rows]
      .map((row) => row.map((cell, at) => (at === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[at] ?? 0))))
      .map((row) => row.join(' '))
      .join('\n')
  }

  /** How many ended in which way, the most first. */
  endings(): string {
    return [...this.#endings]
      .sort(([, a], [, b]) => b - a)
      .map(([ending, count]) => `${ending} ${count}`)
      .join(', ')
  }
}
