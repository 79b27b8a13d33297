import { InputError } from '../../errors/input-error.ts'
import { intersect, isEqual, isSubset, subtract, unite } from './combine.ts'
import { isCpuId, requireCpuId } from './cpu-id.ts'
import { formatCpuList, parseCpuList } from './cpu-list.ts'
import { formatHexMask, parseHexMask, type HexMaskOptions } from './hex-mask.ts'
import { Ids } from './ids.ts'
import { formatMaskBytes, parseMaskBytes, type MaskBytesOptions } from './mask-bytes.ts'
import { addId, addRange, countIds, hasId, highestId, nextId, type Words } from './words.ts'

export { MAX_CPU_ID } from './cpu-id.ts'

const inspect = Symbol.for('nodejs.util.inspect.custom')

/**
 * An immutable set of CPU ids, 0 to {@link MAX_CPU_ID}: bit `n` is CPU `n`, and ids may be sparse. Which numbering the
 * ids belong to (QEMU's cpu-index or the guest's logical id) is for the owner of the map to know.
 */
export class CpuMap implements Iterable<number> {
  /** The map without any id; as text, `''`. */
  static readonly empty = new CpuMap([])

  // Not a #private field: node:assert's deepEqual sees only ordinary ones and would hold any two maps to be equal. Not
  // frozen either, which makes combining large maps four times as slow; nothing here writes to it after construction.
  private readonly words: Words

  private constructor(words: Words) {
    this.words = words
  }

  /**
   * The map of words that are its own from now on.
   *
   * @internal
   */
  static ofWords(words: Words): CpuMap {
    return new CpuMap(words)
  }

  /**
   * The map of the given ids, in any order, repeats allowed.
   *
   * @throws {@link InputError} `ERR_CPU_ID` when one is not an integer in 0..{@link MAX_CPU_ID}.
   */
  static of(...ids: readonly number[]): CpuMap {
    return CpuMap.from(ids)
  }

  /**
   * The map of what `ids` yields, in any order, repeats allowed.
   *
   * @throws {@link InputError} `ERR_CPU_ID` when one is not an integer in 0..{@link MAX_CPU_ID}.
   */
  static from(ids: Iterable<number>): CpuMap {
    const words: number[] = []
    for (const id of ids) {
      requireCpuId(id)
      addId(words, id)
    }
    return new CpuMap(words)
  }

  /**
   * The ids `first` to `last`, both included.
   *
   * @throws {@link InputError} `ERR_CPU_ID` when one is not an id, `ERR_CPU_LIST` when `last` is the smaller.
   */
  static range(first: number, last: number): CpuMap {
    requireCpuId(first)
    requireCpuId(last)
    if (last < first) {
      throw new InputError('ERR_CPU_LIST', `the range ${first}-${last} is upside down: the smaller id comes first`)
    }
    const words: number[] = []
    addRange(words, first, last)
    return new CpuMap(words)
  }

  /**
   * Reads `'0-1,5'`, with virsh's exclusions from left to right: `'0-15,^8'`. White space around it is ignored.
   *
   * @throws {@link InputError} `ERR_CPU_LIST` when an element has another form, `ERR_CPU_ID` when an id is too large.
   */
  static parse(text: string): CpuMap {
    return new CpuMap(parseCpuList(text))
  }

  /**
   * Reads a Linux mask: `'00000000,000000ff'`, groups of 32 bits, the most significant first.
   *
   * @throws {@link InputError} `ERR_HEX_MASK` when it has another form or a bit above {@link MAX_CPU_ID}.
   */
  static fromHexMask(text: string): CpuMap {
    return new CpuMap(parseHexMask(text))
  }

  /**
   * Reads libvirt's little-endian cpumap: bit `b` of byte `k` is CPU `8k + b`.
   *
   * @throws {@link InputError} `ERR_CPU_ID` when a bit above {@link MAX_CPU_ID} is set.
   */
  static fromBytes(bytes: Uint8Array): CpuMap {
    return new CpuMap(parseMaskBytes(bytes))
  }

  /** How many ids the map holds. Counted at each call: most maps are never asked. */
  get size(): number {
    return countIds(this.words)
  }

  /** Whether `id` is in the map; false, never an error, for what is no id at all. */
  has(id: number): boolean {
    // The check comes first: shifts take their operand modulo 2^32, and 2^32 would pass for CPU 0.
    return isCpuId(id) && hasId(this.words, id)
  }

  /** The smallest id; `undefined` in an empty map. */
  first(): number | undefined {
    const first = nextId(this.words, 0)
    return first < 0 ? undefined : first
  }

  /** The largest id; `undefined` in an empty map. */
  last(): number | undefined {
    return this.words.length === 0 ? undefined : highestId(this.words)
  }

  /** The ids, ascending. */
  [Symbol.iterator](): Iterator<number, undefined> {
    return new Ids(this.words)
  }

  /** What is in either map. */
  union(other: CpuMap): CpuMap {
    return new CpuMap(unite(this.words, other.words))
  }

  /** What is in both maps. */
  intersection(other: CpuMap): CpuMap {
    return new CpuMap(intersect(this.words, other.words))
  }

  /** What is in this map and not in the other. */
  difference(other: CpuMap): CpuMap {
    return new CpuMap(subtract(this.words, other.words))
  }

  /** Whether each id of this map is in the other one too. */
  isSubsetOf(other: CpuMap): boolean {
    return isSubset(this.words, other.words)
  }

  /** Whether both maps hold the same ids. */
  equals(other: CpuMap): boolean {
    return isEqual(this.words, other.words)
  }

  /** `'0-1,5'`: what {@link CpuMap.parse} reads, sysfs prints and virsh takes. `''` for an empty map. */
  toString(): string {
    return formatCpuList(this.words)
  }

  /** In JSON a map is its text. */
  toJSON(): string {
    return this.toString()
  }

  /**
   * `'00000000,000000ff'`: what {@link CpuMap.fromHexMask} reads and Linux prints.
   *
   * @throws {@link InputError} `ERR_HEX_MASK` when `bits` is not in 1..65536 or an id does not fit.
   */
  toHexMask(options: HexMaskOptions = {}): string {
    return formatHexMask(this.words, options)
  }

  /**
   * libvirt's cpumap, what {@link CpuMap.fromBytes} reads.
   *
   * @throws {@link InputError} `ERR_CPU_BYTES` when `length` is not in 0..8192 or an id does not fit.
   */
  toBytes(options: MaskBytesOptions = {}): Uint8Array {
    return formatMaskBytes(this.words, options)
  }

  /** How `console.log` and the REPL show it. */
  [inspect](): string {
    return `CpuMap '${this.toString()}'`
  }
}
