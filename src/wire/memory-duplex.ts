import { Duplex } from 'node:stream'

/**
 * One end of a connection inside this process. It carries bytes, keeps the peer's pace, and ends like a socket: when one
 * end goes, the other reads what was sent before and then meets the end.
 */
class MemoryEnd extends Duplex {
  #peer: MemoryEnd | undefined
  /** The write of the peer that waits until this end is read again. */
  #waiting: (() => void) | undefined

  constructor() {
    // As sockets have it: reading the peer's end closes this side too.
    super({ allowHalfOpen: false })
  }

  join(peer: MemoryEnd): void {
    this.#peer = peer
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    const peer = this.#peer
    if (peer === undefined || peer.destroyed) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
      return
    }
    // A tick later, as with a socket: nobody is called back from within his own write. Copied: the bytes are his again.
    const copy = Buffer.from(chunk)
    process.nextTick(() => {
      peer.#take(copy, done)
    })
  }

  override _read(): void {
    const resume = this.#waiting
    this.#waiting = undefined
    resume?.()
  }

  override _final(done: () => void): void {
    this.#peer?.push(null)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const resume = this.#waiting
    this.#waiting = undefined
    resume?.()
    const peer = this.#peer
    // What this end wrote is on its way for one more tick.
    process.nextTick(() => {
      if (peer !== undefined && !peer.destroyed) peer.push(null)
    })
    done(error)
  }

  #take(bytes: Buffer, done: () => void): void {
    if (this.destroyed || this.readableEnded) done()
    else if (this.push(bytes)) done()
    else this.#waiting = done
  }
}

/** Two connected ends: what is written to one is read from the other. */
export function memoryPair(): readonly [Duplex, Duplex] {
  const one = new MemoryEnd()
  const other = new MemoryEnd()
  one.join(other)
  other.join(one)
  return [one, other]
}
