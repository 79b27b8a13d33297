import fc from 'fast-check'
import { MAX_CPU_ID } from '../../../src/bitmap/index.ts'

/** CPU ids: mostly few and close together, often at the edge of a word, now and then anywhere up to the largest. */
export const cpuId: fc.Arbitrary<number> = fc.oneof(
  { weight: 6, arbitrary: fc.nat(100) },
  { weight: 2, arbitrary: fc.constantFrom(0, 7, 8, 30, 31, 32, 63, 64, 4095, MAX_CPU_ID - 1, MAX_CPU_ID) },
  { weight: 1, arbitrary: fc.nat(MAX_CPU_ID) },
)

/** A set of ids as an array without repeats, in no order. */
export const cpuIds: fc.Arbitrary<number[]> = fc.uniqueArray(cpuId, { maxLength: 40 })

/** What is no CPU id. */
export const notCpuIds: readonly number[] = [-1, 1.5, NaN, Infinity, -Infinity, MAX_CPU_ID + 1, 2 ** 32, 2 ** 53]

/** Ascending by number; the default order of `sort` is by text. */
export function ascending(ids: Iterable<number>): number[] {
  return [...ids].sort((a, b) => a - b)
}
