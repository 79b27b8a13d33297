import { KitError } from './kit-error.ts'

/** What a dynamically linked ELF file asks for. */
export interface ElfNeeds {
  /** The loader's absolute path (`PT_INTERP`); undefined for libraries. */
  readonly interpreter: string | undefined
  /** Library names (`DT_NEEDED`), in order. */
  readonly libraries: readonly string[]
}

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly size: number
}

const ptLoad = 1
const ptDynamic = 2
const ptInterp = 3
const dtNull = 0
const dtNeeded = 1
const dtStrtab = 5

/**
 * Reads the dynamic section of a 64-bit ELF file of either byte order, so that the libraries of a foreign binary are found
 * without running it (System V ABI, chapter 5).
 *
 * @throws KitError when the bytes are not such a file.
 */
export function readElfNeeds(file: Uint8Array): ElfNeeds {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  if (file.byteLength < 64 || view.getUint32(0) !== 0x7f454c46 || view.getUint8(4) !== 2) {
    throw new KitError('not a 64-bit ELF file')
  }
  const little = view.getUint8(5) === 1
  const word = (at: number): number => Number(view.getBigUint64(at, little))
  const segments = readSegments(view, little, word)
  const text = (at: number): string => {
    const end = file.indexOf(0, at)
    return new TextDecoder().decode(file.subarray(at, end))
  }
  const interp = segments.find(({ type }) => type === ptInterp)
  const dynamic = segments.find(({ type }) => type === ptDynamic)
  const names: number[] = []
  let strings = 0
  for (let at = dynamic?.offset ?? 0; dynamic !== undefined && at < dynamic.offset + dynamic.size; at += 16) {
    const tag = word(at)
    if (tag === dtNull) break
    if (tag === dtNeeded) names.push(word(at + 8))
    if (tag === dtStrtab) strings = toOffset(word(at + 8), segments)
  }
  return {
    interpreter: interp === undefined ? undefined : text(interp.offset),
    libraries: names.map((name) => text(strings + name)),
  }
}

function readSegments(view: DataView, little: boolean, word: (at: number) => number): Segment[] {
  const table = word(32)
  const entryBytes = view.getUint16(54, little)
  const count = view.getUint16(56, little)
  return Array.from({ length: count }, (_, index) => {
    const at = table + index * entryBytes
    return { type: view.getUint32(at, little), offset: word(at + 8), address: word(at + 16), size: word(at + 32) }
  })
}

/** The string table is given as an address; the loadable segment around it says where in the file that is. */
function toOffset(address: number, segments: readonly Segment[]): number {
  const around = segments.find(
    (segment) => segment.type === ptLoad && address >= segment.address && address < segment.address + segment.size,
  )
  if (around === undefined) throw new KitError('an ELF file names a string table outside its segments')
  return address - around.address + around.offset
}
