/** One piece of traffic, in one direction, as it crossed the socket: a line of a fixture's `qmp.jsonl` or `qga.jsonl`. */
export interface Piece {
  /** As this side sees it: `in` came from QEMU or the agent. */
  readonly direction: 'in' | 'out'
  /** Since the recording began, in milliseconds. */
  readonly atMs: number
  /** Which step of the session it belongs to. */
  readonly step: string
  readonly bytes: Uint8Array
}

// Without ignoreBOM, three bytes at the front could vanish.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The piece as one line of JSON, without its end. Bytes that are not UTF-8 (the agent's 0xFF) go as base64. */
export function encodePiece({ direction, atMs, step, bytes }: Piece): string {
  return JSON.stringify({ direction, atMs, step, ...encodeBytes(bytes) })
}

function encodeBytes(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: utf8.decode(bytes) }
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}

/**
 * Reads what {@link encodePiece} wrote.
 *
 * @throws Error for a line that it cannot have written
 */
export function decodePiece(line: string): Piece {
  const piece: unknown = JSON.parse(line)
  if (typeof piece === 'object' && piece !== null) {
    const { direction, atMs, step, text, base64 } = piece as Readonly<Record<string, unknown>>
    const bytes = decodeBytes(text, base64)
    if ((direction === 'in' || direction === 'out') && typeof atMs === 'number' && typeof step === 'string' && bytes) {
      return { direction, atMs, step, bytes }
    }
  }
  throw new Error(`no piece of traffic: ${line.slice(0, 200)}`)
}

function decodeBytes(text: unknown, base64: unknown): Uint8Array | undefined {
  if (typeof text === 'string' && base64 === undefined) return Buffer.from(text)
  if (typeof base64 === 'string' && text === undefined) return Buffer.from(base64, 'base64')
  return undefined
}
