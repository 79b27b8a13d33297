const COMMA = 0x2c
const DIGIT_0 = 0x30
/** Excludes what follows. */
export const CARET = 0x5e
/** Stands between the ends of a range. */
export const DASH = 0x2d

/** Reads the elements of a CPU list, character by character: nothing is cut out of the text but for an error. */
export class ListReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Where the next character is. */
  get at(): number {
    return this.#at
  }

  /** Every element has been read. The text after the last comma is one too, also where it is empty. */
  get isAtEnd(): boolean {
    return this.#at > this.#text.length
  }

  /** Go past a character, if it is the next one. */
  skip(character: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== character) return false
    this.#at++
    return true
  }

  /** Read a number of decimal digits, of any length; -1 where there is no digit. */
  number(): number {
    const text = this.#text
    let at = this.#at
    let value = -1
    for (;;) {
      const digit = text.charCodeAt(at) - DIGIT_0
      // Past the end it is NaN.
      if (!(digit >= 0 && digit <= 9)) break
      value = value < 0 ? digit : value * 10 + digit
      at++
    }
    this.#at = at
    return value
  }

  /** Go past the comma or the end of the text; `false` where the element goes on. */
  endElement(): boolean {
    if (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) !== COMMA) return false
    this.#at++
    return true
  }

  /** The text of the element that begins at `start`. */
  elementAt(start: number): string {
    const end = this.#text.indexOf(',', start)
    return this.#text.slice(start, end < 0 ? undefined : end)
  }
}
