import type { WireTraceEntry } from '../../src/index.ts'

/**
 * Counts the rounds of an agent's commands: what is sent before an answer has come is one round with it. Give its `trace` to
 * `Domain.connect`.
 */
export class AgentRounds {
  /** Every command sent, syncs left out. */
  commands: string[] = []
  #rounds = 0
  #answered = 0
  #roundOf = new Map<unknown, number>()
  readonly #rest = { in: '', out: '' }

  readonly trace = ({ label, direction, bytes }: WireTraceEntry): void => {
    if (!label.includes('qga')) return
    const lines = (this.#rest[direction] + Buffer.from(bytes).toString('latin1')).split('\n')
    this.#rest[direction] = lines.pop() ?? ''
    for (const line of lines) this.#take(direction, line)
  }

  /** Rounds so far. */
  get count(): number {
    return this.#rounds
  }

  reset(): void {
    this.commands = []
    this.#rounds = 0
    this.#answered = 0
    this.#roundOf = new Map()
  }

  #take(direction: 'in' | 'out', line: string): void {
    const { id, execute } = JSON.parse(line.replace(/^\xff+/, '')) as { id?: unknown; execute?: string }
    if (id === undefined) return
    if (direction === 'in') {
      this.#answered = Math.max(this.#answered, this.#roundOf.get(id) ?? 0)
      return
    }
    this.commands.push(String(execute))
    this.#roundOf.set(id, this.#answered + 1)
    this.#rounds = Math.max(this.#rounds, this.#answered + 1)
  }
}
