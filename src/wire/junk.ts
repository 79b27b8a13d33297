import { ProtocolError } from '../errors/peer-errors.ts'

/** Counts the messages of a peer that answer nothing, and ends a connection on which nothing else comes any longer. */
export class Junk {
  readonly #who: string
  readonly #maxBytes: number
  #messages = 0
  #bytes = 0

  /**
   * @param who - for messages: `the guest`
   * @param maxBytes - most bytes of them in a row
   */
  constructor(who: string, maxBytes: number) {
    this.#who = who
    this.#maxBytes = maxBytes
  }

  /** How many there were so far. */
  get messages(): number {
    return this.#messages
  }

  /** A message of another kind came: the row has ended. */
  endRow(): void {
    this.#bytes = 0
  }

  /**
   * One more.
   *
   * @param bytes - its length
   * @throws {@link ProtocolError} `ERR_TOO_MUCH_JUNK` when there were too many bytes in a row
   */
  add(bytes: number): void {
    this.#messages++
    // Its end counts too, or a flood of empty lines would have no end.
    this.#bytes += bytes + 1
    if (this.#bytes <= this.#maxBytes) return
    throw new ProtocolError(`${this.#who} sent ${this.#bytes} bytes that answer nothing`, {}, 'ERR_TOO_MUCH_JUNK')
  }
}
