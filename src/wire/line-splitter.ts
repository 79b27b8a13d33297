import { giveBuffer, takeBuffer } from './line-buffers.ts'
import { tooLarge, TooLongLine } from './too-long-line.ts'

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
  readonly #onTooLong: ((line: TooLongLine) => unknown) | undefined
  #head: Uint8Array = NOTHING
  #headBytes = 0
  /** The unfinished line, where it is above the cap already. */
  #tooLong: TooLongLine | undefined

  /**
   * @param maxLineBytes - longest line accepted, without its terminator, in bytes
   * @param onTooLong - called at the end of a line above that, and stops with `false`; unless given, such a line is an error
   */
  constructor(maxLineBytes: number, onTooLong?: (line: TooLongLine) => unknown) {
    this.#maxLineBytes = maxLineBytes
    this.#onTooLong = onTooLong
  }

  /** Bytes of the unfinished line so far. */
  get pendingBytes(): number {
    return this.#tooLong?.bytes ?? this.#headBytes
  }

  /** Is the unfinished line above the cap already, and its bytes passed over? */
  get isPassingOver(): boolean {
    return this.#tooLong !== undefined
  }

  /**
   * Take the next piece and hand each line that it completes, without LF or CRLF, to `onLine`. Lines are views: use or copy
   * them within that call, or {@link LineSplitter.keepLine}.
   *
   * @param onLine - stops with `false`
   * @returns how many bytes of the piece were taken: all of them, unless `onLine` stopped
   * @throws {@link ProtocolError} `ERR_MESSAGE_TOO_LARGE` once a line outgrows the cap, or by far where that is not an error
   */
  push(chunk: Uint8Array, onLine: (line: Uint8Array) => unknown): number {
    let start = 0
    for (let end = chunk.indexOf(LF); end !== -1; end = chunk.indexOf(LF, start)) {
      const piece = chunk.subarray(start, end)
      start = end + 1
      if (!this.#complete(piece, onLine)) return start
    }
    if (start < chunk.length) this.#hold(chunk.subarray(start))
    return chunk.length
  }

  /** @returns `false` to stop */
  #complete(piece: Uint8Array, onLine: (line: Uint8Array) => unknown): boolean {
    // Nothing of a line is held where it came whole, as it nearly always does.
    if (this.#headBytes === 0 && this.#tooLong === undefined) {
      const line = withoutCr(piece)
      if (line.length <= this.#maxLineBytes) return onLine(line) !== false
    }
    this.#hold(piece)
    const tooLong = this.#tooLong
    if (tooLong !== undefined) {
      this.#tooLong = undefined
      return this.#onTooLong?.(tooLong) !== false
    }
    const line = withoutCr(this.#head.subarray(0, this.#headBytes))
    this.#headBytes = 0
    const goesOn = onLine(line)
    this.#release()
    return goesOn !== false
  }

  /**
   * Within `onLine`: the line stays as it is until the function returned is called. One that came whole is a part of the
   * piece, and stays as long as that does.
   */
  keepLine(): () => void {
    const buffer = this.#head
    this.#head = NOTHING
    return () => {
      giveBuffer(buffer)
    }
  }

  #hold(piece: Uint8Array): void {
    if (this.#tooLong !== undefined) {
      this.#tooLong.add(piece)
      return
    }
    if (piece.length === 0) return
    const bytes = this.#headBytes + piece.length
    // The last byte may be the CR of a full line.
    if ((piece[piece.length - 1] === CR ? bytes - 1 : bytes) > this.#maxLineBytes) {
      this.#passOver(piece)
      return
    }
    if (bytes > this.#head.length) {
      const grown = takeBuffer(bytes, this.#maxLineBytes + 1)
      grown.set(this.#head.subarray(0, this.#headBytes))
      giveBuffer(this.#head)
      this.#head = grown
    }
    this.#head.set(piece, this.#headBytes)
    this.#headBytes = bytes
  }

  #passOver(piece: Uint8Array): void {
    if (this.#onTooLong === undefined) throw tooLarge(this.#maxLineBytes)
    this.#tooLong = new TooLongLine(this.#maxLineBytes)
    this.#tooLong.add(this.#head.subarray(0, this.#headBytes))
    this.#headBytes = 0
    this.#release()
    this.#tooLong.add(piece)
  }

  #release(): void {
    giveBuffer(this.#head)
    this.#head = NOTHING
  }
}

function withoutCr(line: Uint8Array): Uint8Array {
  return line[line.length - 1] === CR ? line.subarray(0, -1) : line
}
