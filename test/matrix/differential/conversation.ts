import type { Duplex } from 'node:stream'

/** A message of a peer, as JSON has it; a line that is not JSON is a string. */
export type PeerMessage = Readonly<Record<string, unknown>> | string

/** How long a peer has for one answer: a fence against a hang, never a measurement. */
const PATIENCE_MS = 20_000

/** What both peers of a differential run are spoken to with: bytes go out as they are, and whole lines come in. */
export class Conversation {
  readonly #duplex: Duplex
  readonly #received: PeerMessage[] = []
  #buffered = Buffer.alloc(0)
  #ended = false
  #wake: () => void = () => undefined

  constructor(duplex: Duplex) {
    this.#duplex = duplex
    duplex.on('data', (bytes: Buffer) => {
      this.#take(bytes)
    })
    const end = (): void => {
      this.#ended = true
      this.#wake()
    }
    // A peer that ends in the middle is a result, not a failure of the run.
    duplex.on('error', end)
    duplex.on('close', end)
    duplex.on('end', end)
  }

  send(bytes: string | Uint8Array): void {
    if (!this.#ended) this.#duplex.write(bytes)
  }

  /**
   * All messages up to and including the first that `isLast` holds for.
   *
   * @returns fewer, with `'(closed)'` or `'(no answer)'` at the end, where the peer leaves or stays silent
   */
  async readUntil(isLast: (message: PeerMessage) => boolean): Promise<PeerMessage[]> {
    const read: PeerMessage[] = []
    const fence = { passed: false }
    const timer = setTimeout(() => {
      fence.passed = true
      this.#wake()
    }, PATIENCE_MS)
    try {
      for (;;) {
        const next = this.#received.shift()
        if (next !== undefined) {
          read.push(next)
          if (isLast(next)) return read
        } else if (this.#ended) return [...read, '(closed)']
        else if (fence.passed) return [...read, '(no answer)']
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
      }
    } finally {
      clearTimeout(timer)
    }
  }

  close(): void {
    this.#duplex.destroy()
  }

  #take(bytes: Buffer): void {
    this.#buffered = Buffer.concat([this.#buffered, bytes])
    for (let end = this.#buffered.indexOf(0x0a); end >= 0; end = this.#buffered.indexOf(0x0a)) {
      const line = this.#buffered.subarray(0, end).toString('latin1').trim()
      this.#buffered = this.#buffered.subarray(end + 1)
      if (line !== '') this.#received.push(parsed(line))
    }
    this.#wake()
  }
}

/** The agent's sentinel goes before the line, and is shown as a member. */
const SENTINEL = '\xff'

function parsed(line: string): PeerMessage {
  if (line.startsWith(SENTINEL)) {
    const rest = parsed(line.slice(SENTINEL.length))
    return typeof rest === 'string' ? line : { '0xFF': 'before it', ...rest }
  }
  try {
    const value: unknown = JSON.parse(line)
    return isRecord(value) ? value : line
  } catch {
    // It is shown as it came: a peer that does not speak JSON is a difference.
    return line
  }
}

/** Is it an object, and not a list? */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
