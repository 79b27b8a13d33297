import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import { badCpuId, MAX_CPU_ID } from './cpu-id.ts'
import { highestId, trimWords, type Words } from './words.ts'

/** Options of {@link CpuMap.toBytes}. */
export interface MaskBytesOptions {
  /** How many bytes to write, padded with zeros. Without it: as many as the largest id needs. */
  readonly length?: number | undefined
}

const MAX_BYTES = (MAX_CPU_ID + 1) / 8

/**
 * Reads libvirt's cpumap: bit `b` of byte `k` is CPU `8k + b`. Trailing zeros may go on for ever.
 *
 * @throws {@link InputError} `ERR_CPU_ID` when a bit above {@link MAX_CPU_ID} is set.
 */
export function parseMaskBytes(bytes: Uint8Array): Words {
  const end = bytes.findLastIndex((byte) => byte !== 0) + 1
  if (end > MAX_BYTES) throw badCpuId((end - 1) * 8 + 31 - Math.clz32(bytes[end - 1] ?? 0))
  const words: number[] = []
  for (let at = 0; at < end; at++) {
    if (at % 4 === 0) words.push(0)
    words[at >>> 2] = (words[at >>> 2] ?? 0) | ((bytes[at] ?? 0) << (8 * (at % 4)))
  }
  return trimWords(words)
}

/**
 * Writes libvirt's cpumap into a new array.
 *
 * @throws {@link InputError} `ERR_CPU_BYTES` when `length` is not in 0..8192 or is too small for the largest id.
 */
export function formatMaskBytes(words: Words, options: MaskBytesOptions): Uint8Array {
  const needed = Math.ceil((highestId(words) + 1) / 8)
  const length = options.length ?? needed
  if (!Number.isInteger(length) || length < needed || length > MAX_BYTES) {
    throw new InputError(
      'ERR_CPU_BYTES',
      `a map of ${quote(length)} bytes: this one takes an integer from ${needed} to ${MAX_BYTES}`,
    )
  }
  const bytes = new Uint8Array(length)
  for (let at = 0; at < needed; at++) bytes[at] = (words[at >>> 2] ?? 0) >>> (8 * (at % 4))
  return bytes
}
