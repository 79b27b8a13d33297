import { CpuMap } from '../src/index.ts'
import { measure } from './measure.ts'

/** What one operation costs, in microseconds. */
export interface OperationCost {
  readonly operation: string
  readonly cpuMap: number
  /** A `Uint32Array` of fixed length, without a check of anything. */
  readonly words: number
}

const SLOTS = 4_096
const WORDS = SLOTS / 32
const CALLS = 200

/** Every third id, and every fifth: neither empty nor full nor a range. */
const thirds = Array.from({ length: SLOTS }, (_, id) => id).filter((id) => id % 3 === 0)
const fifths = Array.from({ length: SLOTS }, (_, id) => id).filter((id) => id % 5 === 0)

/** `CpuMap` against plain loops over words. */
export async function cpuMapCosts(): Promise<OperationCost[]> {
  const [a, b, sameMap] = [CpuMap.from(thirds), CpuMap.from(fifths), CpuMap.from(thirds)]
  const [x, y, same] = [wordsOf(thirds), wordsOf(fifths), wordsOf(thirds)]
  const pairs: readonly (readonly [operation: string, cpuMap: () => unknown, words: () => unknown])[] = [
    ['has', () => a.has(2_049), () => (((x[2_049 >>> 5] ?? 0) >>> (2_049 & 31)) & 1) === 1],
    ['union', () => a.union(b), () => combined(x, y, (one, other) => one | other)],
    ['intersection', () => a.intersection(b), () => combined(x, y, (one, other) => one & other)],
    ['difference', () => a.difference(b), () => combined(x, y, (one, other) => one & ~other)],
    ['equals', () => a.equals(sameMap), () => areSame(x, same)],
    ['iterate', () => sumOfMap(a), () => sumOfWords(x)],
    ['from ids', () => CpuMap.from(thirds), () => wordsOf(thirds)],
  ]
  const costs: OperationCost[] = []
  for (const [operation, cpuMap, words] of pairs) {
    const tasks = { cpuMap: repeated(cpuMap), words: repeated(words) }
    costs.push({ operation, ...(await measure(tasks, { timeMs: 100, callsPerSample: CALLS })) })
  }
  return costs
}

/** The results are kept until the end of the sample, so that no engine leaves the work out. */
function repeated(call: () => unknown): () => unknown {
  return () => {
    const results: unknown[] = []
    for (let done = 0; done < CALLS; done++) results.push(call())
    return results.length
  }
}

function wordsOf(ids: readonly number[]): Uint32Array {
  const words = new Uint32Array(WORDS)
  for (const id of ids) words[id >>> 5] = (words[id >>> 5] ?? 0) | (1 << (id & 31))
  return words
}

function combined(x: Uint32Array, y: Uint32Array, combine: (one: number, other: number) => number): Uint32Array {
  const words = new Uint32Array(WORDS)
  for (let at = 0; at < WORDS; at++) words[at] = combine(x[at] ?? 0, y[at] ?? 0)
  return words
}

function areSame(x: Uint32Array, y: Uint32Array): boolean {
  for (let at = 0; at < WORDS; at++) if (x[at] !== y[at]) return false
  return true
}

function sumOfMap(map: CpuMap): number {
  let sum = 0
  for (const id of map) sum += id
  return sum
}

function sumOfWords(words: Uint32Array): number {
  let sum = 0
  for (let at = 0; at < WORDS; at++) {
    for (let left = words[at] ?? 0; left !== 0; left &= left - 1) sum += at * 32 + 31 - Math.clz32(left & -left)
  }
  return sum
}
