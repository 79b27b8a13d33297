import type { OnReadOpts, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What is read of a socket at once, at most, in bytes. */
const PIECE_BYTES = 65_536

/** Takes what was read; the bytes are only good during the call. */
export type Reader = (piece: Uint8Array) => void

/**
 * The sockets of this process read into one buffer: what one of them has read is taken before the next one reads. A flood
 * costs no memory then, and a short reply no buffer of 64 KiB.
 */
const shared = Buffer.allocUnsafeSlow(PIECE_BYTES)

/** Who takes what such a socket reads. */
const inboxes = new WeakMap<Duplex, SocketInbox>()

class SocketInbox {
  #reader: Reader | undefined
  /** Read before there was a reader. */
  #early: Uint8Array[] = []

  readonly take = (bytes: number): boolean => {
    const piece = shared.subarray(0, bytes)
    if (this.#reader === undefined) this.#early.push(Uint8Array.from(piece))
    else this.#reader(piece)
    return true
  }

  attach(reader: Reader): void {
    this.#reader = reader
    const early = this.#early
    this.#early = []
    for (const piece of early) reader(piece)
  }
}

/** The options of a socket that shares the buffer, and what makes it known once it is there. */
export function sharedReads(): { readonly onread: OnReadOpts; readonly register: (socket: Socket) => void } {
  const inbox = new SocketInbox()
  return {
    onread: { buffer: shared, callback: inbox.take },
    register: (socket) => {
      inboxes.set(socket, inbox)
    },
  }
}

/**
 * Read a stream: one that shares the buffer by that, and any other by its `data` events.
 *
 * @returns does the reader have to copy what it keeps?
 */
export function readFrom(duplex: Duplex, reader: Reader): boolean {
  const inbox = inboxes.get(duplex)
  if (inbox === undefined) {
    duplex.on('data', reader)
    return false
  }
  inbox.attach(reader)
  return true
}
