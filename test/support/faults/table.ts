/** How often calls ended how, for each operation and fault. */
export class FaultTable {
  readonly #operations: readonly string[]
  readonly #faults: readonly string[]
  readonly #cells = new Map<string, Map<string, number>>()
  #count = 0

  constructor(operations: readonly string[], faults: readonly string[]) {
    this.#operations = operations
    this.#faults = faults
  }

  /** @param words - how the calls of one cell ended */
  add(operation: string, fault: string, words: readonly string[]): void {
    this.#count++
    const key = keyOf(operation, fault)
    const cell = this.#cells.get(key) ?? new Map<string, number>()
    this.#cells.set(key, cell)
    for (const word of words) cell.set(word, (cell.get(word) ?? 0) + 1)
  }

  /** As a table of Markdown: a row for each operation, a column for each fault. */
  rows(): string[] {
    const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
    return [
      row(['', ...this.#faults]),
      row(['---', ...this.#faults.map(() => '---')]),
      ...this.#operations.map((operation) =>
        row([operation, ...this.#faults.map((fault) => this.#describeCell(operation, fault))]),
      ),
    ]
  }

  get count(): number {
    return this.#count
  }

  describe(qemu: string): string {
    return [`QEMU ${qemu}: ${this.#count} faults in operations, 0 wrong`, ...this.rows()].join('\n')
  }

  #describeCell(operation: string, fault: string): string {
    const cell = this.#cells.get(keyOf(operation, fault))
    if (cell === undefined) return '–'
    return [...cell]
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([word, times]) => `${times} ${word}`)
      .join(', ')
  }
}

function keyOf(operation: string, fault: string): string {
  return `${operation}/${fault}`
}
