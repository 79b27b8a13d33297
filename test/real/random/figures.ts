import type { Ended } from './act.ts'
import { kindOf, type Step } from './step.ts'
import type { World } from './world.ts'

/** What a session consisted of. */
export class Figures {
  readonly #startedAt = performance.now()
  readonly #steps = new Map<string, number>()
  readonly #ends = new Map<string, number>()
  #count = 0
  #plugs = 0
  #guests = 0
  #deaths = 0

  add(step: Step, ended: readonly Ended[]): void {
    this.#count++
    count(this.#steps, kindOf(step))
    for (const { op, outcome, error } of ended) {
      if (op.by !== 'raw') count(this.#ends, error === undefined ? outcome : `${outcome} ${error.code}`)
    }
  }

  /** QEMU died of a fault of its own in this step. */
  addDeath(step: Step): void {
    this.#count++
    this.#deaths++
    count(this.#steps, kindOf(step))
  }

  /** A guest that is not used any longer. */
  addWorld(world: World): void {
    this.#guests++
    this.#plugs += world.plugs
  }

  /** For people, in several lines. */
  describe(qemu: string, heapGrowth: number): string {
    const minutes = ((performance.now() - this.#startedAt) / 60_000).toFixed(1)
    const kib = Math.round(heapGrowth / 1024)
    return [
      `QEMU ${qemu}: ${this.#count} steps, 0 wrong; ${this.#plugs} plugs in ${this.#guests} guests, of which ${this.#deaths} QEMUs died of an assertion of their own; heap ${kib} KiB; ${minutes} min`,
      `steps: ${listed(this.#steps)}`,
      `ends of calls: ${listed(this.#ends)}`,
    ].join('\n')
  }
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function listed(counts: Map<string, number>): string {
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([name, times]) => `${times} ${name}`)
    .join(', ')
}
