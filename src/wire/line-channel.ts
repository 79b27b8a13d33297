import type { Duplex } from 'node:stream'
import { InputError } from '../errors/input-error.ts'
import { LimitError } from '../errors/limit-error.ts'
import { ConnectionError, ProtocolError } from '../errors/peer-errors.ts'
import { systemClock, type Clock, type Timer } from './clock.ts'
import { dropPiece, holdPiece } from './held-pieces.ts'
import { TURN_BYTES, TURNS_BETWEEN_PIECES } from './limits.ts'
import { LineSplitter } from './line-splitter.ts'
import { loopShare } from './loop-share.ts'
import { readFrom } from './shared-reads.ts'
import { PeerWatch } from './peer-watch.ts'
import { dropUnreached } from './half-open.ts'
import { isTraced, publishTraffic, type WireTrace } from './trace.ts'
import type { TcpPorts } from './vanished-peer.ts'

/** What is left to do with a long line: each step in a turn of the loop of its own, before the next line is read. */
export type Steps = Iterator<undefined, void>

/** What a {@link LineChannel} needs to know. */
export interface LineChannelOptions {
  /** For traces and messages: `qmp` or `qga`. */
  readonly label: string
  /** The VM's name, for traces. */
  readonly vm?: string | undefined
  /** Cap on one inbound message, in bytes. */
  readonly maxMessageBytes: number
  /** How long a message may take from its first piece to its last, in milliseconds; unless given, any time. */
  readonly lineMs?: number | undefined
  /** Bytes that the peer has not taken, beyond which {@link LineChannel.checkRoom} throws; unless given, any number. */
  readonly unsentBytes?: number | undefined
  /** What `lineMs` goes by. */
  readonly clock?: Clock | undefined
  /** What it throws closes the channel with that cause. */
  readonly trace?: WireTrace | undefined
  /** Has the peer's host acknowledged nothing for long? Unless given, what the kernel says. */
  readonly hasVanished?: ((ports: TcpPorts) => Promise<boolean>) | undefined
  /**
   * Called with each whole line, which is lent until it returns, or the last of its steps does. What they throw closes the
   * channel with that cause.
   */
  readonly onLine: (line: Uint8Array) => Steps | undefined
  /**
   * Called at the end of a line above the cap, with its two ends and its bytes. What it throws closes the channel with that
   * cause; unless given, such a line does.
   */
  readonly onTooLong?: ((ends: Uint8Array, bytes: number) => void) | undefined
  /** Is a message begun and not ended, by the lines so far? Unless given, each line is a message. */
  readonly isUnfinished?: (() => boolean) | undefined
  /** Is a line that is longer than {@link TURN_BYTES} read a piece at a time, with turns of the loop in between? */
  readonly spreadsLongLines?: boolean | undefined
  /** Called once, with the first cause of closing. */
  readonly onClose: (cause: Error) => void
}

/**
 * Lines over any connected `Duplex`, in both directions, until the first cause of closing. Writes of one tick leave as
 * one. Reading takes its share of the event loop ({@link loopShare}): what is beyond it waits here, and then in the `Duplex`,
 * for a later turn.
 */
export class LineChannel {
  readonly #duplex: Duplex
  readonly #options: LineChannelOptions
  readonly #splitter: LineSplitter
  #cause: Error | undefined
  /** What is read is only lent. */
  readonly #isShared: boolean
  /** For the end of this tick. */
  #unsent = ''
  /** Read off the stream, for a later turn; with any, the stream is paused. */
  #held: Uint8Array[] = []
  #giveUpTurn: (() => void) | undefined
  /** Turns to pass by before that one. */
  #turnsBefore = 0
  /** Of the line that was read last. */
  #steps: Steps | undefined
  #endSteps: (() => void) | undefined
  /** Why the channel closes once what is held has been read. */
  #endedBy: Error | undefined
  /** By the piece that is being read. */
  #hasEnded = false
  /** Runs while a message is begun and not ended. */
  #lineTimer: Timer | undefined
  readonly #peer: PeerWatch | undefined

  constructor(duplex: Duplex, options: LineChannelOptions) {
    if (duplex.readableObjectMode || duplex.readableEncoding !== null) {
      throw new InputError('ERR_STREAM', 'the Duplex must carry bytes: no object mode, no setEncoding()')
    }
    this.#duplex = duplex
    this.#options = options
    const { onTooLong } = options
    this.#splitter = new LineSplitter(
      options.maxMessageBytes,
      onTooLong &&
        (({ ends, bytes }) =>
          this.#take(() => {
            onTooLong(ends, bytes)
          })),
    )
    this.#peer = PeerWatch.of(duplex, {
      ...{ clock: options.clock, hasVanished: options.hasVanished },
      onVanished: () => {
        const message = `${options.label}: the peer has vanished: its host acknowledges nothing`
        this.#endedBy ??= new ConnectionError('ERR_CONNECTION_LOST', message)
        dropUnreached(duplex)
      },
    })
    this.#isShared = readFrom(duplex, this.#onData)
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

  /**
   * To be asked before a command is sent: a peer that does not read must not cost memory without end.
   *
   * @throws {@link LimitError} `ERR_TOO_MUCH_UNSENT`
   */
  checkRoom(command: string): void {
    const { label, unsentBytes = Infinity } = this.#options
    const unsent = this.#duplex.writableLength + this.#unsent.length
    if (unsent < unsentBytes) return
    const message = `${command}: ${label} does not read: ${unsent} bytes are unsent, the limit is ${unsentBytes}`
    throw new LimitError('ERR_TOO_MUCH_UNSENT', message)
  }

  /**
   * Send one piece; the caller supplies the line's end. What is sent in one tick leaves in one write. Nothing happens on a
   * closed channel.
   */
  send(piece: string | Uint8Array): void {
    if (this.#cause !== undefined) return
    if (isTraced(this.#options.trace) && !this.#publish('out', Buffer.from(piece))) return
    if (typeof piece !== 'string') {
      this.#flush()
      this.#duplex.write(piece)
      this.#peer?.sent()
      return
    }
    if (this.#unsent === '') process.nextTick(this.#flush)
    this.#unsent += piece
  }

  readonly #flush = (): void => {
    const text = this.#unsent
    this.#unsent = ''
    if (text === '' || this.#cause !== undefined) return
    // Of text that is written as such a stream counts characters as unsent, not bytes.
    const isAscii = Buffer.byteLength(text) === text.length
    this.#duplex.write(isAscii ? text : Buffer.from(text))
    this.#peer?.sent()
  }

  /** Close for `cause`, unless it is closed already, and destroy the Duplex. */
  close(cause: Error): void {
    if (this.#cause !== undefined) return
    this.#cause = cause
    this.#giveUpTurn?.()
    this.#lineTimer?.cancel()
    this.#peer?.end()
    this.#held = []
    this.#dropSteps()
    const duplex = this.#duplex
    duplex.off('data', this.#onData)
    duplex.off('end', this.#onEnd)
    duplex.off('close', this.#onEnd)
    // The 'error' listener stays: a late EPIPE of a destroyed stream must not become an uncaught exception.
    duplex.destroy()
    this.#options.onClose(cause)
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#peer?.heard()
    if (!this.#publish('in', chunk)) return
    const rest = this.#isBehind || loopShare.isSpent ? chunk : this.#read(chunk)
    if (rest !== undefined) this.#hold(this.#isShared ? holdPiece(rest) : rest)
    else if (this.#options.spreadsLongLines === true && this.#splitter.pendingBytes > TURN_BYTES)
      this.#waitForTurn(TURNS_BETWEEN_PIECES)
  }

  /** Is something of what was read off the stream left for a later turn? */
  get #isBehind(): boolean {
    return this.#held.length > 0 || this.#steps !== undefined
  }

  /** @returns what is left of it for a later turn */
  #read(chunk: Uint8Array): Uint8Array | undefined {
    this.#hasEnded = false
    try {
      const taken = this.#splitter.push(chunk, (line) => {
        loopShare.spend(line.length + 1)
        return this.#take(() => {
          this.#begin(this.#options.onLine(line))
        })
      })
      if (this.#cause !== undefined) return undefined
      // What is passed over is no line yet that could spend something.
      if (this.#splitter.isPassingOver) loopShare.spend(taken)
      this.#timeMessage(this.#hasEnded)
      return taken < chunk.length ? chunk.subarray(taken) : undefined
    } catch (error) {
      this.#closeFor(error)
      return undefined
    }
  }

  /** @returns whether the next line may be read in this turn */
  #take(read: () => void): boolean {
    // A line may close the channel; those behind it in the same piece belong to no call then.
    if (this.#cause !== undefined) return false
    read()
    this.#hasEnded ||= this.#options.isUnfinished?.() !== true
    return !loopShare.isSpent && this.#steps === undefined
  }

  #begin(steps: Steps | undefined): void {
    if (steps === undefined || this.#cause !== undefined) return
    this.#steps = steps
    this.#endSteps = this.#splitter.keepLine()
    this.#waitForTurn(TURNS_BETWEEN_PIECES)
  }

  /**
   * The next step of the line that was read last, which uses this turn up.
   *
   * @returns `true` when it was the last
   */
  #step(): boolean {
    if (this.#steps === undefined) return true
    loopShare.spend(TURN_BYTES)
    try {
      const isLast = this.#steps.next().done === true
      if (isLast) this.#dropSteps()
      else this.#waitForTurn(TURNS_BETWEEN_PIECES)
      return isLast
    } catch (error) {
      this.#closeFor(error)
      return false
    }
  }

  #dropSteps(): void {
    this.#steps = undefined
    this.#endSteps?.()
    this.#endSteps = undefined
  }

  /** Keep it for a later turn, and let the stream keep what comes behind it. */
  #hold(chunk: Uint8Array): void {
    this.#held.push(chunk)
    this.#waitForTurn(0)
  }

  /** @param turns - how many to pass by before */
  #waitForTurn(turns: number): void {
    if (this.#giveUpTurn !== undefined || this.#cause !== undefined) return
    this.#duplex.pause()
    this.#turnsBefore = turns
    this.#giveUpTurn = loopShare.wait(this.#onTurn)
  }

  readonly #onTurn = (): void => {
    if (this.#turnsBefore-- > 0) {
      this.#giveUpTurn = loopShare.wait(this.#onTurn)
      return
    }
    this.#giveUpTurn = undefined
    if (!this.#step()) return
    const held = this.#held
    this.#held = []
    for (const chunk of held) {
      if (this.#cause !== undefined) return
      const rest = this.#isBehind || loopShare.isSpent ? chunk : this.#read(chunk)
      if (rest === undefined) dropPiece(chunk)
      else this.#hold(rest)
    }
    if (this.#isBehind || this.#cause !== undefined) return
    if (this.#endedBy !== undefined) this.close(this.#endedBy)
    else this.#duplex.resume()
  }

  /** @param isNew - since the last call a message has ended: what is unfinished now was begun after that */
  #timeMessage(isNew: boolean): void {
    const { lineMs, clock = systemClock, isUnfinished } = this.#options
    if (lineMs === undefined) return
    if (isNew) {
      this.#lineTimer?.cancel()
      this.#lineTimer = undefined
    }
    if (this.#lineTimer !== undefined || (this.#splitter.pendingBytes === 0 && isUnfinished?.() !== true)) return
    this.#lineTimer = clock.after(lineMs, () => {
      const message = `a message was begun and not ended within ${lineMs} ms`
      this.close(new ProtocolError(message, {}, 'ERR_MESSAGE_TOO_SLOW'))
    })
    this.#lineTimer.unref()
  }

  /** @returns `false` when the trace failed, which closes the channel */
  #publish(direction: 'in' | 'out', bytes: Uint8Array): boolean {
    try {
      const { label, vm, trace } = this.#options
      publishTraffic(trace, vm === undefined ? { label, direction, bytes } : { label, vm, direction, bytes })
      return true
    } catch (error) {
      this.#closeFor(error)
      return false
    }
  }

  #closeFor(error: unknown): void {
    this.close(error instanceof Error ? error : new Error(String(error)))
  }

  /** The peer has ended: what it said before that is read first. */
  #end(cause: Error): void {
    this.#endedBy ??= cause
    if (!this.#isBehind) this.close(this.#endedBy)
  }

  readonly #onEnd = (): void => {
    this.#end(new ConnectionError('ERR_CONNECTION_LOST', `${this.#options.label}: the peer closed the connection`))
  }

  readonly #onError = (cause: Error): void => {
    const message = `${this.#options.label}: the connection broke: ${cause.message}`
    this.#end(new ConnectionError('ERR_CONNECTION_LOST', message, { cause }))
  }
}
