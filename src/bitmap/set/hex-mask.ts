import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import { MAX_CPU_ID } from './cpu-id.ts'
import { highestId, trimWords, type Words } from './words.ts'

/** Options of {@link CpuMap.toHexMask}. */
export interface HexMaskOptions {
  /** How many bits the mask has, as Linux prints one for so many CPUs. Without it: whole groups, at least one. */
  readonly bits?: number | undefined
}

const MAX_BITS = MAX_CPU_ID + 1
/** Room for {@link MAX_CPU_ID} four times over, since a mask may begin with empty groups. */
const MAX_MASK_CHARS = 65_536

/**
 * Reads a mask as Linux prints it: groups of 32 bits in hex, the most significant first, commas between. A group has one
 * to eight digits; a mask of one group may begin with `0x`; white space around the text is ignored.
 *
 * @throws {@link InputError} `ERR_HEX_MASK` when the text is not of that form or has a bit above {@link MAX_CPU_ID}.
 */
export function parseHexMask(text: string): Words {
  if (text.length > MAX_MASK_CHARS) throw badMask(text, `a mask has at most ${MAX_MASK_CHARS} characters`)
  const mask = text.trim()
  const groups = /^0x[0-9a-f]{1,8}$/i.test(mask) ? [mask.slice(2)] : mask.split(',')
  const words: number[] = []
  for (const group of groups.reverse()) {
    if (!/^[0-9a-f]{1,8}$/i.test(group)) {
      throw badMask(group, "groups have one to eight hex digits, the highest first, as in '00000001,000000ff'")
    }
    words.push(Number.parseInt(group, 16) | 0)
  }
  trimWords(words)
  if (words.length * 32 > MAX_BITS) throw badMask(text, `its bits are the ids 0 to ${MAX_CPU_ID}`)
  return words
}

/**
 * Writes the mask as Linux does, `'00000000,000000ff'`.
 *
 * @throws {@link InputError} `ERR_HEX_MASK` when `bits` is not in 1..65536 or an id does not fit.
 */
export function formatHexMask(words: Words, options: HexMaskOptions): string {
  const bits = options.bits ?? Math.max(1, words.length) * 32
  if (!Number.isInteger(bits) || bits < 1 || bits > MAX_BITS) {
    throw new InputError('ERR_HEX_MASK', `a mask of ${quote(bits)} bits: it takes an integer from 1 to ${MAX_BITS}`)
  }
  const highest = highestId(words)
  if (highest >= bits) {
    throw new InputError('ERR_HEX_MASK', `CPU ${highest} is not in a mask of ${bits} bits: it ends at ${bits - 1}`)
  }
  const groups: string[] = []
  for (let at = Math.ceil(bits / 32) - 1; at >= 0; at--) {
    const width = Math.min(32, bits - at * 32)
    const digits = ((words[at] ?? 0) >>> 0).toString(16)
    groups.push(digits.padStart(Math.ceil(width / 4), '0'))
  }
  return groups.join(',')
}

function badMask(given: string, form: string): InputError {
  return new InputError('ERR_HEX_MASK', `${quote(given)} is not a CPU mask: ${form}`)
}
