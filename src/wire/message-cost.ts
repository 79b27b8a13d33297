import { randomBits } from './random-bits.ts'

/** How much one message may hold, beside its bytes. */
export interface MessageCaps {
  /** Objects and arrays within one another. */
  readonly depth: number
  /** Values. An empty object or array counts as two, a string or a long number as four: each costs so much more. */
  readonly elements: number
  /** Different sequences of member names: `{"a":1,"b":2}` has two, `a` and `a` before `b`, however often it comes. */
  readonly shapes: number
  /** The longest string, in bytes, escapes counted as they are written. */
  readonly stringBytes: number
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_OBJECT = 0x7b
const OPEN_ARRAY = 0x5b
const CLOSE_OBJECT = 0x7d
const CLOSE_ARRAY = 0x5d
const COMMA = 0x2c

/** The bytes that matter outside of strings: all others are passed over. */
const isStructural = new Uint8Array(256)
for (const byte of [QUOTE, OPEN_OBJECT, OPEN_ARRAY, CLOSE_OBJECT, CLOSE_ARRAY, COMMA]) isStructural[byte] = 1

/**
 * What a string counts beside being a value, since V8 looks each short one up in a table of all strings; and a long number,
 * since a double has no more than 15 digits for certain and the right one must be searched for.
 */
const EXTRA = 3
const LONG_NUMBER_BYTES = 17

/** Secret, or a peer could choose names that look alike to {@link Shapes}. Odd; drawn for the first message. */
let multiplier = 0

/** One step of a hash; the shift makes it good for every multiplier. */
function mixed(hash: number): number {
  const product = Math.imul(hash, multiplier)
  return product ^ (product >>> 15)
}

/**
 * What of a message is above its caps, in words; `undefined` where nothing is. Its cost is that of looking at each byte once,
 * up to the first excess: what `JSON.parse` makes of the message may cost a hundred times as much. Whether it is JSON
 * does not matter: it is counted as `JSON.parse` would read it up to the first error.
 */
export function excessOf(message: Uint8Array, caps: MessageCaps): string | undefined {
  const { length } = message
  if (multiplier === 0) multiplier = randomBits(31) | 1
  const shapes = new Shapes(caps)
  let elements = 1
  let isName = false
  let at = 0
  /** Behind the last of the bytes that matter. */
  let before = 0
  while (at < length) {
    const byte = message[at++] ?? 0
    if (isStructural[byte] === 0) continue
    if (byte === QUOTE) {
      const start = at
      let hash = 0
      let char = message[at]
      if (isName) {
        for (; char !== QUOTE && at < length; char = message[++at]) {
          hash = mixed(hash ^ (char ?? 0))
          if (char === BACKSLASH) hash = mixed(hash ^ (message[++at] ?? 0))
        }
        isName = false
        if (!shapes.add(hash)) return `more than ${caps.shapes} different sequences of member names`
      } else {
        for (; char !== QUOTE && at < length; char = message[++at]) if (char === BACKSLASH) at++
        elements += EXTRA
        if (elements > caps.elements) return `more than ${caps.elements} values`
      }
      if (at - start > caps.stringBytes) return `a string of more than ${caps.stringBytes} bytes`
      before = ++at
      continue
    }
    // What stands between two of the bytes that matter is a number, a word, or nothing but blanks.
    if (at - before > LONG_NUMBER_BYTES) elements += EXTRA
    before = at
    if (byte === COMMA) {
      isName = shapes.isObject
      elements++
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      // Closed more often than opened: JSON.parse reads no further than here.
      if (!shapes.close()) return undefined
      isName = false
    } else {
      isName = byte === OPEN_OBJECT
      if (!shapes.open(isName)) return `more than ${caps.depth} objects and arrays within one another`
      elements++
    }
    if (elements > caps.elements) return `more than ${caps.elements} values`
  }
  return undefined
}

/** The objects and arrays that are open, and the sequences of names seen so far. */
class Shapes {
  readonly #caps: MessageCaps
  /** By depth: the hash of the names so far in an object, 0 for an array. */
  readonly #open: Int32Array
  /** Hashes seen, 0 for none. At least three quarters stay empty, so that a place is found at once. */
  readonly #seen: Int32Array
  #depth = 0
  #count = 0
  isObject = false

  constructor(caps: MessageCaps) {
    this.#caps = caps
    this.#open = new Int32Array(caps.depth + 1)
    this.#seen = new Int32Array(2 ** Math.ceil(Math.log2(4 * caps.shapes + 4)))
  }

  open(isObject: boolean): boolean {
    if (this.#depth >= this.#caps.depth) return false
    this.#open[++this.#depth] = isObject ? 1 : 0
    this.isObject = isObject
    return true
  }

  close(): boolean {
    if (this.#depth === 0) return false
    this.isObject = this.#open[--this.#depth] !== 0
    return true
  }

  /** One more name in the innermost object. */
  add(name: number): boolean {
    const before = this.#open[this.#depth] ?? 0
    const hash = mixed(before + name) || 1
    this.#open[this.#depth] = hash
    const mask = this.#seen.length - 1
    for (let place = (hash >>> 8) & mask; ; place = (place + 1) & mask) {
      const seen = this.#seen[place]
      if (seen === hash) return true
      if (seen === 0) {
        this.#seen[place] = hash
        return ++this.#count <= this.#caps.shapes
      }
    }
  }
}
