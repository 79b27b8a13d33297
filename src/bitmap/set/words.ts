/**
 * The bits of a set of CPU ids: bit `id % 32` of word `id / 32`, each word a signed 32-bit number, the last word never 0.
 * Equal sets therefore have equal words. Plain arrays of small integers combine faster than typed arrays at these sizes.
 */
export type Words = readonly number[]

/** Drops trailing empty words, in place. */
export function trimWords(words: number[]): number[] {
  while (words.at(-1) === 0) words.pop()
  return words
}

/** Adds one id. The array grows as needed; the caller has checked the id. */
export function addId(words: number[], id: number): void {
  const at = id >>> 5
  while (words.length <= at) words.push(0)
  words[at] = (words[at] ?? 0) | (1 << (id & 31))
}

/** Is that id there? The caller has checked it. */
export function hasId(words: Words, id: number): boolean {
  return ((words[id >>> 5] ?? 0) & (1 << (id & 31))) !== 0
}

/** Adds the ids `first` to `last`. The caller has checked both. */
export function addRange(words: number[], first: number, last: number): void {
  while (words.length <= last >>> 5) words.push(0)
  for (let at = first >>> 5; at <= last >>> 5; at++) words[at] = (words[at] ?? 0) | rangeMask(at, first, last)
}

/** Removes the ids `first` to `last`, as far as they are there. */
export function removeRange(words: number[], first: number, last: number): void {
  const end = Math.min(last >>> 5, words.length - 1)
  for (let at = first >>> 5; at <= end; at++) words[at] = (words[at] ?? 0) & ~rangeMask(at, first, last)
}

/** The bits of word `at` whose ids lie in `first` to `last`; the word must touch the range. */
function rangeMask(at: number, first: number, last: number): number {
  const from = at === first >>> 5 ? -1 << (first & 31) : -1
  const to = at === last >>> 5 ? -1 >>> (31 - (last & 31)) : -1
  return from & to
}

/** How many ids there are. */
export function countIds(words: Words): number {
  let count = 0
  for (const word of words) {
    // Sums of neighbouring bits, then of pairs, then of nibbles; the product adds up the four bytes.
    let bits = word - ((word >>> 1) & 0x55555555)
    bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
    count += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
  }
  return count
}

/** The largest id, -1 when there is none. */
export function highestId(words: Words): number {
  const word = words.at(-1)
  return word === undefined ? -1 : words.length * 32 - 1 - Math.clz32(word)
}

/** The smallest id from `from` on; -1 for none. */
export function nextId(words: Words, from: number): number {
  let at = from >>> 5
  if (at >= words.length) return -1
  let word = (words[at] ?? 0) & (-1 << (from & 31))
  while (word === 0) {
    if (++at >= words.length) return -1
    word = words[at] ?? 0
  }
  return at * 32 + lowestBit(word)
}

/** The smallest number from `from` on that is not among the ids. */
export function nextGap(words: Words, from: number): number {
  let at = from >>> 5
  if (at >= words.length) return from
  let gaps = ~(words[at] ?? 0) & (-1 << (from & 31))
  while (gaps === 0) {
    if (++at >= words.length) return at * 32
    gaps = ~(words[at] ?? 0)
  }
  return at * 32 + lowestBit(gaps)
}

/** The place of the lowest bit that is set; the word is not 0. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word)
}
