import { ProtocolError } from '../errors/peer-errors.ts'

/** How much is kept of either end, in bytes. */
const END_BYTES = 256
/** A line without an end in sight after so many times the cap is the end of the connection. */
const MOST_CAPS = 4

const NOTHING: Uint8Array = new Uint8Array(0)

/** A line above the cap: it is passed over to its end, and only its two ends are kept. */
export class TooLongLine {
  readonly #maxLineBytes: number
  #begin = NOTHING
  #end = NOTHING
  #bytes = 0

  /** @param maxLineBytes - the cap */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes
  }

  /** Its beginning and its end, one behind the other. */
  get ends(): Uint8Array {
    return Buffer.concat([this.#begin, this.#end])
  }

  /**
   * The next piece.
   *
   * @throws {@link ProtocolError} `ERR_MESSAGE_TOO_LARGE` when it does not come to an end
   */
  add(piece: Uint8Array): void {
    this.#bytes += piece.length
    if (this.#bytes > MOST_CAPS * this.#maxLineBytes) throw tooLarge(this.#maxLineBytes)
    if (this.#begin.length < END_BYTES)
      this.#begin = Buffer.concat([this.#begin, piece.subarray(0, END_BYTES)]).subarray(0, END_BYTES)
    this.#end = Buffer.concat([this.#end, piece.subarray(-END_BYTES)]).subarray(-END_BYTES)
  }
}

/** What is said of a message above the cap. */
export function tooLarge(maxBytes: number): ProtocolError {
  return new ProtocolError(`a message exceeds the cap of ${maxBytes} bytes`, {}, 'ERR_MESSAGE_TOO_LARGE')
}
