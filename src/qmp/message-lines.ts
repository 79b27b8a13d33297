import { ProtocolError } from '../errors/peer-errors.ts'

const OPEN = 0x7b
const CLOSE = 0x7d
/** Telnet's "interpret as command", and the range of its option commands: WILL, WON'T, DO, DON'T (RFC 854). */
const IAC = 0xff
const WILL = 0xfb
const DONT = 0xfe

/**
 * Makes messages of a monitor's lines. Nearly always a line is one. Two kinds of monitor differ, and work as well:
 *
 * - `-qmp-pretty` and `-mon …,pretty=on` print each message over several lines, of which the first is `{` and the last `}`
 *   alone (docs/wire-notes.md); JSON has no line breaks within strings, so no other line can be one of these;
 * - `-qmp telnet:…` negotiates options before the first line: three bytes for each, which are not answered.
 */
export class MessageLines {
  readonly #maxMessageBytes: number
  #held: Uint8Array = new Uint8Array(0)
  #heldBytes = 0

  /** @param maxMessageBytes - longest message accepted, in bytes */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes
  }

  /** Is a message begun that more lines belong to? */
  get isUnfinished(): boolean {
    return this.#heldBytes > 0
  }

  /**
   * Take the next line.
   *
   * @param line - without its terminator
   * @returns the message that it completes, `undefined` where more lines belong to it
   * @throws {@link ProtocolError} `ERR_MESSAGE_TOO_LARGE` once a message outgrows the cap
   */
  push(line: Uint8Array): Uint8Array | undefined {
    const text = line[0] === IAC ? withoutTelnet(line) : line
    const isBrace = text.length === 1
    if (this.#heldBytes === 0) {
      if (!isBrace || text[0] !== OPEN) return text
      this.#hold(text)
      return undefined
    }
    this.#hold(text)
    if (!isBrace || text[0] !== CLOSE) return undefined
    const message = this.#held.subarray(0, this.#heldBytes)
    // The message keeps this buffer; the next one gets its own.
    this.#held = new Uint8Array(0)
    this.#heldBytes = 0
    return message
  }

  #hold(line: Uint8Array): void {
    const bytes = this.#heldBytes + line.length
    if (bytes > this.#maxMessageBytes) {
      const message = `a message of several lines exceeds the cap of ${this.#maxMessageBytes} bytes`
      throw new ProtocolError(message, {}, 'ERR_MESSAGE_TOO_LARGE')
    }
    if (bytes > this.#held.length) {
      const grown = new Uint8Array(Math.max(bytes, Math.min(2 * this.#held.length, this.#maxMessageBytes)))
      grown.set(this.#held.subarray(0, this.#heldBytes))
      this.#held = grown
    }
    this.#held.set(line, this.#heldBytes)
    this.#heldBytes = bytes
  }
}

function withoutTelnet(line: Uint8Array): Uint8Array {
  let start = 0
  while (isOption(line, start)) start += 3
  return line.subarray(start)
}

function isOption(line: Uint8Array, at: number): boolean {
  const command = line[at + 1] ?? 0
  return line[at] === IAC && command >= WILL && command <= DONT && at + 2 < line.length
}
