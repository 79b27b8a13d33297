import { ProtocolError } from './errors.ts'

const LF = 0x0a
const CR = 0x0d

/**
 * Cuts a stream of bytes into lines, whatever pieces it arrives in. Pure: it has never heard of a socket.
 *
 * Each byte is looked at once, so that a large message in small pieces costs what one in a single piece does. Bytes stay
 * bytes: decoding belongs to whole lines, since a piece may end inside a character and the agent's 0xFF is no text at all.
 */
export class LineSplitter {
  readonly #maxLineBytes: number
  #head: Uint8Array[] = []
  #headBytes = 0

  /** @param maxLineBytes - longest line accepted, without its terminator, in bytes */
  constructor(maxLineBytes: number) {
    this.#maxLineBytes = maxLineBytes
  }

  /** Bytes of the unfinished line held so far. */
  get pendingBytes(): number {
    return this.#headBytes
  }

  /**
   * Take the next piece and hand each line that it completes, without LF or CRLF, to `onLine`. Lines are views where
   * they can be: use or copy them before the next call.
   *
   * @throws {@link ProtocolError} `ERR_MESSAGE_TOO_LARGE` once a line outgrows the cap
   */
  push(chunk: Uint8Array, onLine: (line: Uint8Array) => void): void {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const line = this.#finish(chunk.subarray(start, end))
      start = end + 1
      onLine(line)
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
  }

  #hold(piece: Uint8Array): void {
    this.#checkLength(this.#headBytes + piece.length)
    this.#head.push(piece)
    this.#headBytes += piece.length
  }

  #finish(tail: Uint8Array): Uint8Array {
    this.#checkLength(this.#headBytes + tail.length)
    let line = tail
    if (this.#headBytes > 0) {
      line = new Uint8Array(this.#headBytes + tail.length)
      let offset = 0
      for (const piece of this.#head) {
        line.set(piece, offset)
        offset += piece.length
      }
      line.set(tail, offset)
      this.#head = []
      this.#headBytes = 0
    }
    return line.at(-1) === CR ? line.subarray(0, -1) : line
  }

  #checkLength(bytes: number): void {
    // One more than the cap is the CR that a full line may still end in.
    if (bytes <= this.#maxLineBytes + 1) return
    throw new ProtocolError(`a message exceeds the cap of ${this.#maxLineBytes} bytes`, {}, 'ERR_MESSAGE_TOO_LARGE')
  }
}
