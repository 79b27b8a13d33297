import { WIRE_LIMITS } from './limits.ts'

/** The smallest one, in bytes; each that is too small is replaced by one of at least twice its size. */
const LEAST_BYTES = 512
/** From here on one is kept for the next long line of whichever connection, in bytes. */
const KEPT_FROM_BYTES = 65_536
/** And up to here, the longest message of an agent with its CR: longer ones are rare, and no memory is held for them. */
const KEPT_TO_BYTES = WIRE_LIMITS.messageBytes.qga + 1

/** A long line comes in pieces to one connection at a time: so one is enough for the hundreds of a process. */
let kept: Uint8Array | undefined

/**
 * A buffer for an unfinished line of so many bytes so far, at least. What it holds is not zeroed: read nothing of it that
 * was not written before.
 */
export function takeBuffer(bytes: number, mostBytes: number): Uint8Array {
  if (bytes >= KEPT_FROM_BYTES && kept !== undefined && kept.length >= bytes) {
    const taken = kept
    kept = undefined
    return taken
  }
  return Buffer.allocUnsafeSlow(Math.max(bytes, Math.min(2 * bytes, mostBytes), LEAST_BYTES))
}

/** The line is finished, and nothing reads it any longer. */
export function giveBuffer(buffer: Uint8Array): void {
  if (buffer.length < KEPT_FROM_BYTES || buffer.length > KEPT_TO_BYTES) return
  if (kept === undefined || kept.length < buffer.length) kept = buffer
}
