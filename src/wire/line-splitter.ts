import { ProtocolError } from '../errors/peer-errors.ts'
import { giveBuffer, takeBuffer } from './line-buffers.ts'

const LF = 0x0a
const CR = 0x0d

const NOTHING = new Uint8Array(0)

/**
 * Cuts a stream of bytes into lines, whatever pieces it arrives in. Pure: it has never heard of a socket.
 *
 * Each byte is looked at once, so that a large message in small pieces costs what one in a single piece does. An
 * unfinished line is held in one buffer that doubles as it grows: a peer that sends a byte at a time must not cost an
 * object for each. Bytes stay bytes: decoding belongs to whole lines, since a piece may end inside a character and the
 * agent's 0xFF is no text at all.
 */
export class LineSplitter {
  readonly #maxLineBytes: number
  #head: Uint8Array = NOTHING
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
   * Take the next piece and hand each line that it completes, without LF or CRLF, to `onLine`. Lines are views: use or copy
   * them within that call.
   *
   * @param onLine - stops with `false`
   * @returns how many bytes of the piece were taken: all of them, unless `onLine` stopped
   * @throws {@link ProtocolError} `ERR_MESSAGE_TOO_LARGE` once a line outgrows the cap
   */
  push(chunk: Uint8Array, onLine: (line: Uint8Array) => unknown): number {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const next = end + 1
      // Nothing of a line is held where it came whole, as it nearly always does.
      const isWhole = this.#headBytes === 0
      const line = isWhole ? withoutCr(chunk.subarray(start, end)) : this.#finish(chunk.subarray(start, end))
      this.#checkLength(line.length)
      start = next
      const goesOn = onLine(line)
      if (!isWhole) this.#release()
      if (goesOn === false) return start
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
    return chunk.length
  }

  #hold(piece: Uint8Array): void {
    const bytes = this.#headBytes + piece.length
    // The last byte may be the CR of a full line.
    this.#checkLength(piece[piece.length - 1] === CR ? bytes - 1 : bytes)
    if (bytes > this.#head.length) {
      const grown = takeBuffer(bytes, this.#maxLineBytes + 1)
      grown.set(this.#head.subarray(0, this.#headBytes))
      giveBuffer(this.#head)
      this.#head = grown
    }
    this.#head.set(piece, this.#headBytes)
    this.#headBytes = bytes
  }

  #finish(tail: Uint8Array): Uint8Array {
    if (tail.length > 0) this.#hold(tail)
    const line = this.#head.subarray(0, this.#headBytes)
    this.#headBytes = 0
    return withoutCr(line)
  }

  #release(): void {
    giveBuffer(this.#head)
    this.#head = NOTHING
  }

  #checkLength(bytes: number): void {
    if (bytes <= this.#maxLineBytes) return
    throw new ProtocolError(`a message exceeds the cap of ${this.#maxLineBytes} bytes`, {}, 'ERR_MESSAGE_TOO_LARGE')
  }
}

function withoutCr(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === CR ? line.subarray(0, -1) : line
}
