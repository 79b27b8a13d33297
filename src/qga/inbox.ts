import { ConnectionError, ProtocolError } from '../errors/peer-errors.ts'
import type { CheckedLimits } from '../wire/checked-limits.ts'
import { settleCall } from '../wire/envelope.ts'
import { Junk } from '../wire/junk.ts'
import { TURN_BYTES } from '../wire/limits.ts'
import type { Steps } from '../wire/line-channel.ts'
import { checkCost, decodeMessage, own, parseMessage, type WireMessage } from '../wire/message.ts'
import type { PendingCalls } from '../wire/pending-calls.ts'
import { isMonitor } from './monitor-greeting.ts'
import type { DelimitedSync } from './sync.ts'

/** What an {@link Inbox} makes known of the agent. */
export interface InboxListener {
  /** It was seen to answer with the id that it was asked with; before QEMU 4.0 none does. */
  readonly onEcho: () => void
  /** Its answers cannot be matched to commands any longer: a sync must go before the next one. */
  readonly onOutOfStep: () => void
}

/** A sync that was sent. */
interface SentSync {
  readonly sync: DelimitedSync
  readonly onAnswer: () => void
}

/** What comes from an agent, which may be hostile: gives each answer to its call, and whatever else comes to none. */
export class Inbox {
  readonly #where: string
  readonly #pending: PendingCalls
  readonly #limits: CheckedLimits
  readonly #listener: InboxListener
  readonly #junk: Junk
  #sync: SentSync | undefined
  #echoesIds = false
  #answered = 0

  /** @param where - for messages: the channel */
  constructor(where: string, pending: PendingCalls, limits: CheckedLimits, listener: InboxListener) {
    this.#where = where
    this.#pending = pending
    this.#limits = limits
    this.#listener = listener
    this.#junk = new Junk('the guest', limits.junkBytes)
  }

  /** Answers so far that a call waited for; those to syncs apart. */
  get answered(): number {
    return this.#answered
  }

  /** Lines so far that answered nothing. */
  get dropped(): number {
    return this.#junk.messages
  }

  get echoesIds(): boolean {
    return this.#echoesIds
  }

  /** A sync was sent: until its answer comes, or {@link Inbox.endSync}, no line answers a call that is in flight. */
  awaitSync(sync: DelimitedSync, onAnswer: () => void): void {
    this.#sync = { sync, onAnswer }
  }

  endSync(): void {
    this.#sync = undefined
  }

  /**
   * Take the next line.
   *
   * @returns what is left to do with a long one
   * @throws {@link ConnectionError} `ERR_NOT_AGENT` where it is a monitor's
   * @throws {@link ProtocolError} `ERR_TOO_MUCH_JUNK` when the guest talks without being asked and does not stop
   */
  push(line: Uint8Array): Steps | undefined {
    if (isMonitor(line)) {
      const message = `${this.#where} is a QEMU monitor, and not the channel of a guest agent`
      throw new ConnectionError('ERR_NOT_AGENT', message, { outcome: 'not-sent' })
    }
    if (this.#sync?.sync.isAnswer(line) === true) {
      this.#junk.endRow()
      // It answers in order: what was asked before is not answered any more.
      this.#pending.forgetAbandoned()
      this.#sync.onAnswer()
    } else if (!this.#isAwaited && this.#pending.oldestAbandoned() === undefined) {
      this.#junk.add(line.length)
    } else if (line.length > TURN_BYTES) {
      return this.#inSteps(line)
    } else {
      this.#take(line.length, () => parseMessage(line, this.#limits))
    }
    return undefined
  }

  /** Take a line above the cap. */
  pushTooLong(bytes: number, cause: ProtocolError): void {
    if (this.#isAwaited) this.#refuse(cause)
    else this.#junk.add(bytes)
  }

  /** Is the next line the answer of a call that is in flight? */
  get #isAwaited(): boolean {
    return this.#sync === undefined && this.#pending.size > 0
  }

  /** To count it, to decode it and to check what the reply holds takes about the same time each. */
  *#inSteps(line: Uint8Array): Generator<undefined, void> {
    const bytes = line.length
    let decode: () => WireMessage
    try {
      checkCost(line, this.#limits)
      yield
      const message = decodeMessage(line)
      decode = () => message
    } catch (error) {
      decode = () => {
        throw error
      }
    }
    yield
    this.#take(bytes, decode)
  }

  /** @param decode - throws what is wrong with the line */
  #take(bytes: number, decode: () => WireMessage): void {
    if (this.#isAwaited) {
      this.#onReply(bytes, decode)
    } else {
      this.#settleLate(decode)
      this.#junk.add(bytes)
    }
  }

  #onReply(bytes: number, decode: () => WireMessage): void {
    let message: WireMessage
    try {
      message = decode()
    } catch (cause) {
      if (cause instanceof ProtocolError && cause.code === 'ERR_MESSAGE_TOO_COMPLEX') this.#refuse(cause)
      else this.#loseStep(cause instanceof Error ? cause.message : String(cause), cause)
      return
    }
    const id = own(message, 'id') ?? undefined
    if (id !== undefined) this.#noteEcho(id)
    else if (this.#pending.size > 1) {
      this.#loseStep('without an id, while several commands were in flight')
      return
    }
    // Agents before QEMU 4.0 do not echo the id; after a sync there is only one call it can be.
    if (settleCall(this.#pending, message, this.#pending.oldest())) {
      this.#answered++
      this.#junk.endRow()
    } else {
      this.#junk.add(bytes)
    }
  }

  /** What is above a limit is not read, not even for its id: an agent answers in order, so it is the oldest call's. */
  #refuse(cause: ProtocolError): void {
    this.#listener.onOutOfStep()
    this.#pending.rejectUnsure(
      this.#pending.oldest(),
      (command) => new ProtocolError(`${command}: ${cause.message}`, { cause, outcome: 'unknown' }, cause.code),
    )
  }

  /** Answers cannot be matched to calls any longer: every call in flight ends, and the next one syncs first. */
  #loseStep(why: string, cause?: unknown): void {
    this.#listener.onOutOfStep()
    this.#pending.rejectAll(
      (command) => new ProtocolError(`${command}: the agent answered ${why}`, { cause, outcome: 'unknown' }),
    )
  }

  #noteEcho(id: unknown): void {
    if (this.#echoesIds || id !== this.#pending.oldest()) return
    this.#echoesIds = true
    this.#listener.onEcho()
  }

  /** An answer to the call that was given up, before the next sync is answered: there is only one that it can be. */
  #settleLate(decode: () => WireMessage): void {
    const abandoned = this.#pending.oldestAbandoned()
    if (abandoned === undefined) return
    try {
      settleCall(this.#pending, decode(), abandoned)
    } catch (error) {
      // Out of step any line may be garbage.
      if (!(error instanceof ProtocolError)) throw error
    }
  }
}
