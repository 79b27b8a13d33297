import { parseMessage, type WireMessage } from '../wire/message.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const LF = 0x0a
const FLUSH = 0xff
const OPENERS: ReadonlySet<number> = new Set([0x5b, 0x7b])
const CLOSERS: ReadonlySet<number> = new Set([0x5d, 0x7d])
const BLANKS: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d, LF])

/**
 * Cuts what a client sends into JSON objects as QEMU's parser does: an object ends at its last brace, line or no line; what
 * is no object ends at the end of its line; 0xFF throws away whatever was half read.
 */
export class JsonScanner {
  #bytes: number[] = []
  #depth = 0
  #inString = false
  #escaped = false

  /** Forget what was half read, as a monitor does when its client leaves. */
  reset(): void {
    this.#bytes = []
    this.#depth = 0
    this.#inString = false
    this.#escaped = false
  }

  /** Take the next piece; hand over each whole object, or `undefined` for what is none. */
  push(chunk: Uint8Array, onMessage: (message: WireMessage | undefined) => void): void {
    for (const byte of chunk) {
      if (byte === FLUSH) {
        const half = this.#bytes.length > 0
        this.reset()
        if (half) onMessage(undefined)
      } else if (this.#take(byte)) {
        const line = Uint8Array.from(this.#bytes)
        this.reset()
        onMessage(parseOrUndefined(line))
      }
    }
  }

  /** Does this byte end a message? */
  #take(byte: number): boolean {
    if (this.#bytes.length === 0 && BLANKS.has(byte)) return false
    const outside = this.#depth === 0
    this.#bytes.push(byte)
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false
      else if (byte === BACKSLASH) this.#escaped = true
      else if (byte === QUOTE) this.#inString = false
      return false
    }
    if (OPENERS.has(byte)) this.#depth++
    else if (CLOSERS.has(byte)) this.#depth = Math.max(0, this.#depth - 1)
    else if (byte === QUOTE && !outside) this.#inString = true
    return this.#depth === 0 && (!outside || byte === LF)
  }
}

function parseOrUndefined(line: Uint8Array): WireMessage | undefined {
  try {
    return parseMessage(line)
  } catch {
    // The peer under simulation answers it with an error of its own.
    return undefined
  }
}
