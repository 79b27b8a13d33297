/** Text of a value, and whether it is all of it. */
export interface JsonStart {
  readonly text: string
  readonly isWhole: boolean
}

/**
 * The JSON of a value, as `JSON.stringify` makes it, or the beginning of it: no more is made than some `max` characters need,
 * however large the value is.
 *
 * @returns `undefined` for what no JSON has, such as a BigInt, a function or a cycle: an executor may hand over any of them
 */
export function jsonStart(value: unknown, max: number): JsonStart | undefined {
  const writer = new Writer(max)
  try {
    return writer.write(value) ? { text: writer.text.slice(0, max), isWhole: writer.text.length <= max } : undefined
  } catch {
    // A cycle, a BigInt, or a getter that throws.
    return undefined
  }
}

class Writer {
  text = ''
  readonly #max: number
  /** Objects and arrays that are being written: each has put a bracket into the text, so they are `max` at most. */
  readonly #open: object[] = []

  constructor(max: number) {
    this.#max = max
  }

  /** @returns `false` where JSON has nothing for the value */
  write(value: unknown): boolean {
    const plain: unknown = hasOwnJson(value) ? value.toJSON() : value
    if (typeof plain === 'string') {
      this.text += JSON.stringify(plain.slice(0, this.#max + 1))
    } else if (typeof plain === 'object' && plain !== null) {
      if (this.#open.includes(plain)) throw new TypeError('a cycle')
      this.#open.push(plain)
      if (Array.isArray(plain)) this.#writeArray(plain)
      else this.#writeObject(plain)
      this.#open.pop()
    } else {
      const json: unknown = JSON.stringify(plain)
      if (typeof json !== 'string') return false
      this.text += json
    }
    return true
  }

  get #isFull(): boolean {
    return this.text.length > this.#max
  }

  #writeArray(values: readonly unknown[]): void {
    this.text += '['
    for (let at = 0; at < values.length && !this.#isFull; at++) {
      if (at > 0) this.text += ','
      if (!this.write(values[at])) this.text += 'null'
    }
    this.text += ']'
  }

  #writeObject(object: object): void {
    this.text += '{'
    let separator = ''
    for (const [key, value] of members(object)) {
      if (this.#isFull) break
      const before = this.text
      this.text += `${separator}${JSON.stringify(key.slice(0, this.#max + 1))}:`
      if (this.write(value)) separator = ','
      else this.text = before
    }
    this.text += '}'
  }
}

/** Own members one at a time: a list of all of them would be as large as the object. */
function* members(object: object): Generator<readonly [string, unknown]> {
  for (const key in object) {
    if (Object.hasOwn(object, key)) yield [key, (object as Readonly<Record<string, unknown>>)[key]]
  }
}

function hasOwnJson(value: unknown): value is { toJSON(): unknown } {
  return typeof value === 'object' && value !== null && 'toJSON' in value && typeof value.toJSON === 'function'
}
