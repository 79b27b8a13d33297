// How Linux numbers the CPUs of x86 from 6.9 on (arch/x86/kernel/cpu/topology.c): at boot those that are present, in the
// order of the firmware's table, which is QEMU's own; after them those that are absent, by APIC id, which is the same order.
// A CPU keeps its number when it is plugged later, and when it goes and comes back. So all follows from which vCPUs were
// plugged at boot. Where that is not known, every set is tried that can have been it, and a number counts only where all
// sets that explain the guest's own list agree on it.

/** What is known of a guest's boot and of what came later. */
export interface BootFacts {
  /** cpu-indexes that are plugged, ascending. */
  readonly plugged: readonly number[]
  /** The guest's ids of the CPUs that it has; as many as are plugged. */
  readonly listed: ReadonlySet<number>
  /** Those that have been plugged since QEMU's start, and so at every boot. */
  readonly always: ReadonlySet<number>
  /** Others that may have been plugged at boot and have gone since. */
  readonly gone: readonly number[]
}

/** Larger machines are left alone: the work grows with the third power. */
const MAX_CPUS = 288

/**
 * The guest ids that a vCPU can have, by cpu-index; `undefined` where no set of vCPUs at boot explains the list, so that
 * the rule is disproved, or where there are too many vCPUs to try.
 */
export function possibleNumbers(facts: BootFacts): ReadonlyMap<number, ReadonlySet<number>> | undefined {
  const { plugged, listed, gone } = facts
  const all = [...new Set([...plugged, ...gone])].sort((a, b) => a - b)
  if (listed.size !== plugged.length || all.length > MAX_CPUS) return undefined
  const isPlugged = new Set(plugged)
  const numbers = new Map(plugged.map((id) => [id, new Set<number>()]))
  let isExplained = false
  for (let size = 1; size <= all.length; size++) {
    const table = new BootTable(facts, all, isPlugged, size)
    if (!table.isPossible) continue
    isExplained = true
    table.collect(numbers)
  }
  return isExplained ? numbers : undefined
}

/** The number of each plugged vCPU after a boot with `atBoot`; `undefined` where the guest's list disproves it. */
export function numbersAfter(
  atBoot: readonly number[],
  { plugged, listed }: Pick<BootFacts, 'plugged' | 'listed'>,
): ReadonlyMap<number, number> | undefined {
  const sorted = [...atBoot].sort((a, b) => a - b)
  const place = new Map(sorted.map((id, at) => [id, at]))
  const numbers = plugged.map((id): [number, number] => {
    const before = sorted.filter((other) => other < id).length
    return [id, place.get(id) ?? sorted.length + id - before]
  })
  if (listed.size !== plugged.length || !numbers.every(([, number]) => listed.has(number))) return undefined
  return new Map(numbers)
}

/** All sets of one size that can have been plugged at boot, walked vCPU by vCPU: how many of those below were in it? */
class BootTable {
  readonly #facts: BootFacts
  readonly #all: readonly number[]
  readonly #isPlugged: ReadonlySet<number>
  readonly #size: number
  /** Row by vCPU, column by how many of those below it were plugged: can the rest still explain the list? */
  readonly #canEnd: Uint8Array

  constructor(facts: BootFacts, all: readonly number[], isPlugged: ReadonlySet<number>, size: number) {
    this.#facts = facts
    this.#all = all
    this.#isPlugged = isPlugged
    this.#size = size
    this.#canEnd = new Uint8Array((all.length + 1) * (size + 1))
    this.#fill()
  }

  get isPossible(): boolean {
    return this.#at(0, 0)
  }

  /** Add the number that each plugged vCPU has in any of the sets. */
  collect(numbers: ReadonlyMap<number, Set<number>>): void {
    let columns = new Set([0])
    for (const [row, id] of this.#all.entries()) {
      const next = new Set<number>()
      for (const below of columns) {
        if (this.#canBeIn(row, below)) {
          next.add(below + 1)
          numbers.get(id)?.add(below)
        }
        if (this.#canBeOut(row, below)) {
          next.add(below)
          numbers.get(id)?.add(this.#size + id - below)
        }
      }
      columns = next
    }
  }

  #fill(): void {
    const rows = this.#all.length
    this.#canEnd[rows * (this.#size + 1) + this.#size] = 1
    for (let row = rows - 1; row >= 0; row--) {
      for (let below = Math.max(0, this.#size - rows + row); below <= Math.min(row, this.#size); below++) {
        const can = this.#canBeIn(row, below) || this.#canBeOut(row, below)
        if (can) this.#canEnd[row * (this.#size + 1) + below] = 1
      }
    }
  }

  /** Can it have been plugged at boot, with so many below it? */
  #canBeIn(row: number, below: number): boolean {
    return below < this.#size && this.#at(row + 1, below + 1) && this.#allows(row, below)
  }

  /** Can it have been absent at boot? */
  #canBeOut(row: number, below: number): boolean {
    const id = this.#all[row] ?? 0
    return !this.#facts.always.has(id) && this.#at(row + 1, below) && this.#allows(row, this.#size + id - below)
  }

  /** One that is plugged has a number that the guest lists. */
  #allows(row: number, number: number): boolean {
    return !this.#isPlugged.has(this.#all[row] ?? 0) || this.#facts.listed.has(number)
  }

  #at(row: number, below: number): boolean {
    return this.#canEnd[row * (this.#size + 1) + below] === 1
  }
}
