import { Duplex } from 'node:stream'

/** A connection into which a flood is poured, as fast as it is read, among what its other end says. */
export class FloodingDuplex extends Duplex {
  readonly #inner: Duplex
  #piece: Uint8Array = new Uint8Array(0)
  #leftBytes = 0
  #pouredBytes = 0

  /** @param inner - the connection; it carries whole lines at a time */
  constructor(inner: Duplex) {
    super({ allowHalfOpen: false })
    this.#inner = inner
    inner.on('data', (bytes: Buffer) => this.push(bytes))
    inner.on('end', () => this.push(null))
    inner.on('error', (error) => this.destroy(error))
  }

  /** How much of the flood was taken. */
  get pouredBytes(): number {
    return this.#pouredBytes
  }

  get isFlooding(): boolean {
    return this.#leftBytes > 0 && !this.destroyed
  }

  /** Begin: `piece` after `piece`, as whole as they are, until there were `bytes` of them. */
  flood(piece: Uint8Array, bytes: number): void {
    this.#piece = piece
    this.#leftBytes = bytes
    this.#pour()
  }

  override _read(): void {
    this.#pour()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inner.write(chunk, done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#leftBytes = 0
    this.#inner.destroy()
    done(error)
  }

  /** One piece for each time that it is asked for: the reader sets the pace. */
  #pour(): void {
    if (this.#leftBytes <= 0) return
    this.#leftBytes -= this.#piece.length
    this.#pouredBytes += this.#piece.length
    this.push(this.#piece)
  }
}
