import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'

/** The largest id that a {@link CpuMap} holds. Sixteen times what QEMU's largest machine takes, and still only 8 KiB of bits. */
export const MAX_CPU_ID = 65_535

/** True for an integer in 0..{@link MAX_CPU_ID}, and for nothing else. */
export function isCpuId(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MAX_CPU_ID
}

/**
 * Refuses what is not a CPU id.
 *
 * @throws {@link InputError} `ERR_CPU_ID`, naming the value and the valid range.
 */
export function requireCpuId(value: unknown): asserts value is number {
  if (!isCpuId(value)) throw badCpuId(value)
}

/** The error for an id outside 0..{@link MAX_CPU_ID}; `given` is what the caller wrote. */
export function badCpuId(given: unknown): InputError {
  return new InputError('ERR_CPU_ID', `${quote(given)} is not a CPU id: ids are the integers 0 to ${MAX_CPU_ID}`)
}
