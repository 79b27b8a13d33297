import type { Duplex } from 'node:stream'
import { InputError } from '../errors/input-error.ts'
import { ConnectionError } from '../errors/peer-errors.ts'
import { LineSplitter } from './line-splitter.ts'
import { publishTraffic, type WireTrace } from './trace.ts'

/** What a {@link LineChannel} needs to know. */
export interface LineChannelOptions {
  /** For traces and messages: `qmp` or `qga`. */
  readonly label: string
  /** Cap on one inbound message, in bytes. */
  readonly maxMessageBytes: number
  /** What it throws closes the channel with that cause. */
  readonly trace?: WireTrace | undefined
  /** Called with each whole line. What it throws closes the channel with that cause. */
  readonly onLine: (line: Uint8Array) => void
  /** Called once, with the first cause of closing. */
  readonly onClose: (cause: Error) => void
}

/**
 * Lines over any connected `Duplex`, in both directions, until the first cause of closing. Writes of one tick leave as
 * one.
 */
export class LineChannel {
  readonly #duplex: Duplex
  readonly #options: LineChannelOptions
  readonly #splitter: LineSplitter
  #cause: Error | undefined
  #corked = false

  constructor(duplex: Duplex, options: LineChannelOptions) {
    if (duplex.readableObjectMode || duplex.readableEncoding !== null) {
      throw new InputError('ERR_STREAM', 'the Duplex must carry bytes: no object mode, no setEncoding()')
    }
    this.#duplex = duplex
    this.#options = options
    this.#splitter = new LineSplitter(options.maxMessageBytes)
    duplex.on('data', this.#onData)
    duplex.on('end', this.#onEnd)
    duplex.on('close', this.#onEnd)
    duplex.on('error', this.#onError)
    // Listening does not wake a stream that its owner paused before handing it over.
    duplex.resume()
    if (duplex.destroyed || duplex.readableEnded) process.nextTick(this.#onEnd)
  }

  /** Why the channel closed; `undefined` while it is open. */
  get cause(): Error | undefined {
    return this.#cause
  }

  /** Send one piece; the caller supplies the line's end. Nothing happens on a closed channel. */
  send(data: string | Uint8Array): void {
    if (this.#cause !== undefined) return
    const bytes = typeof data === 'string' ? Buffer.from(data) : data
    if (!this.#publish('out', bytes)) return
    if (!this.#corked) {
      this.#corked = true
      this.#duplex.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#duplex.uncork()
      })
    }
    this.#duplex.write(bytes)
  }

  /** Close for `cause`, unless it is closed already, and destroy the Duplex. */
  close(cause: Error): void {
    if (this.#cause !== undefined) return
    this.#cause = cause
    const duplex = this.#duplex
    duplex.off('data', this.#onData)
    duplex.off('end', this.#onEnd)
    duplex.off('close', this.#onEnd)
    // The 'error' listener stays: a late EPIPE of a destroyed stream must not become an uncaught exception.
    duplex.destroy()
    this.#options.onClose(cause)
  }

  readonly #onData = (chunk: Uint8Array): void => {
    if (!this.#publish('in', chunk)) return
    try {
      this.#splitter.push(chunk, (line) => {
        // A line may close the channel; those behind it in the same piece are then nobody's.
        if (this.#cause === undefined) this.#options.onLine(line)
      })
    } catch (error) {
      this.#closeFor(error)
    }
  }

  /** @returns `false` when the trace failed, which closes the channel */
  #publish(direction: 'in' | 'out', bytes: Uint8Array): boolean {
    try {
      publishTraffic(this.#options.trace, { label: this.#options.label, direction, bytes })
      return true
    } catch (error) {
      this.#closeFor(error)
      return false
    }
  }

  #closeFor(error: unknown): void {
    this.close(error instanceof Error ? error : new Error(String(error)))
  }

  readonly #onEnd = (): void => {
    this.close(new ConnectionError('ERR_CONNECTION_LOST', `${this.#options.label}: the peer closed the connection`))
  }

  readonly #onError = (cause: Error): void => {
    this.close(
      new ConnectionError('ERR_CONNECTION_LOST', `${this.#options.label}: the connection broke: ${cause.message}`, {
        cause,
      }),
    )
  }
}
