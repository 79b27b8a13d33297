import { lowestBit, type Words } from './words.ts'

/**
 * The ids of a set, ascending. In the shape in which V8 leaves out both the iterator and its results: not a generator, one
 * place that makes a result, and the search for the next word apart from what happens at each id.
 */
export class Ids implements IterableIterator<number, undefined> {
  readonly #words: Words
  #at = -1
  #firstId = 0
  /** The bits of the word at `#at` whose ids are still to come; 0 at the end. */
  #rest = 0

  constructor(words: Words) {
    this.#words = words
    this.#findWord()
  }

  next(): IteratorResult<number, undefined> {
    const rest = this.#rest
    const id = this.#firstId + lowestBit(rest)
    const left = rest & (rest - 1)
    if (left === 0) this.#findWord()
    else this.#rest = left
    const done = rest === 0
    // TypeScript does not see that the two go together.
    return { done, value: done ? undefined : id } as IteratorResult<number, undefined>
  }

  [Symbol.iterator](): this {
    return this
  }

  #findWord(): void {
    const words = this.#words
    let at = this.#at
    let word = 0
    while (word === 0 && ++at < words.length) word = words[at] ?? 0
    this.#at = at
    this.#firstId = at * 32
    this.#rest = word
  }
}
