/** The longest piece, in bytes: what one read of a socket gives at most. */
const PIECE_BYTES = 65_536
/** Most buffers that are kept for the next pieces, by all connections together. */
const MOST_FREE = 8

/** Free for the next piece. */
const free: ArrayBufferLike[] = []
/** Those that hold a piece. */
const used = new WeakSet<ArrayBufferLike>()

/**
 * Copies of pieces that are only lent, for a later turn. Their buffers are used again: a flood would leave one behind for
 * each piece otherwise, far faster than they are collected.
 */
export function holdPiece(piece: Uint8Array): Uint8Array {
  if (piece.length > PIECE_BYTES) return Uint8Array.from(piece)
  const buffer = free.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES).buffer
  used.add(buffer)
  const copy = Buffer.from(buffer, 0, piece.length)
  copy.set(piece)
  return copy
}

/** Nothing of the piece, which may be the rest of one that was held, is read any longer. */
export function dropPiece({ buffer }: Uint8Array): void {
  if (!used.delete(buffer)) return
  if (free.length < MOST_FREE) free.push(buffer)
}
