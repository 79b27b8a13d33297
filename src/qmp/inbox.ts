import { ProtocolError } from '../errors/peer-errors.ts'
import type { CheckedLimits } from '../wire/checked-limits.ts'
import { NO_ID } from '../wire/call-ids.ts'
import { settleCall } from '../wire/envelope.ts'
import { Junk } from '../wire/junk.ts'
import { isObject, parseMessage, type MessageLimits, type WireMessage } from '../wire/message.ts'
import type { PendingCalls } from '../wire/pending-calls.ts'
import { decodeEvent } from './events.ts'
import type { QmpEvent } from './executor.ts'
import { MessageLines } from './message-lines.ts'
import { beginsAsEvent, idAtEnd } from './refused-message.ts'

/** How far into a line its `event` member is looked for, in bytes: QEMU puts the timestamp first. */
const MOST_BEFORE_EVENT = 200

/** Where the messages of a monitor go that are not answers. */
export interface InboxListener {
  /** The first message that is not an event. */
  readonly onGreeting: (line: Uint8Array) => void
  readonly onEvent: (event: QmpEvent, bytes: number) => void
}

/** What comes from a monitor: tells a greeting, events and answers apart, and gives each answer to its call. */
export class Inbox {
  readonly #pending: PendingCalls
  readonly #limits: CheckedLimits
  readonly #listener: InboxListener
  readonly #lines: MessageLines
  readonly #junk: Junk
  #isGreeted = false
  #answered = 0

  constructor(pending: PendingCalls, limits: CheckedLimits, listener: InboxListener) {
    this.#pending = pending
    this.#limits = limits
    this.#listener = listener
    this.#lines = new MessageLines(limits.messageBytes)
    this.#junk = new Junk('the monitor', limits.junkBytes)
  }

  /** Answers so far that a call waited for. */
  get answered(): number {
    return this.#answered
  }

  /** Messages so far that answered nothing and are not events. */
  get dropped(): number {
    return this.#junk.messages
  }

  /** Is a message begun that more lines belong to? */
  get isUnfinished(): boolean {
    return this.#lines.isUnfinished
  }

  /**
   * Take the next line.
   *
   * @throws {@link ProtocolError} for what no monitor sends, and for too much that answers nothing
   */
  push(line: Uint8Array): void {
    const message = this.#lines.push(line)
    if (message === undefined) return
    if (this.#isGreeted || isEvent(message, this.#limits)) {
      this.#take(message)
      return
    }
    this.#isGreeted = true
    this.#listener.onGreeting(message)
  }

  /**
   * Take a line above the cap.
   *
   * @param ends - its beginning and its end
   * @throws `cause` where no call can be named that it answers: before the greeting, and within a message of several lines
   */
  pushTooLong(ends: Uint8Array, bytes: number, cause: ProtocolError): void {
    if (!this.#isGreeted || this.#lines.isUnfinished) throw cause
    this.#refuse(ends, bytes, cause)
  }

  #take(line: Uint8Array): void {
    const message = this.#read(line)
    if (message === undefined) return
    if (message['event'] !== undefined) {
      const event = decodeEvent(message)
      this.#junk.endRow()
      this.#listener.onEvent(event, line.length)
      return
    }
    if (!this.#settle(message)) {
      this.#pending.distrust()
      this.#junk.add(line.length)
      return
    }
    this.#junk.endRow()
    this.#answered++
  }

  /** @returns `false` when no call waits for it (any longer) */
  #settle(message: WireMessage): boolean {
    const { error } = message
    if (this.#pending.owesIdless) return settleCall(this.#pending, message, NO_ID, !isOfParser(error))
    // One line that QEMU could not parse can be answered with several errors (wire-notes). Most likely this one is the
    // oldest call's: nothing certain follows from it.
    return settleCall(this.#pending, message, error === undefined ? undefined : this.#pending.oldest(), false)
  }

  /** @returns `undefined` where it is above a limit: then it has ended the call that it answers */
  #read(line: Uint8Array): WireMessage | undefined {
    try {
      return parseMessage(line, this.#limits)
    } catch (error) {
      if (!(error instanceof ProtocolError && error.code === 'ERR_MESSAGE_TOO_COMPLEX')) throw error
      this.#refuse(line, line.length, error)
      return undefined
    }
  }

  #refuse(ends: Uint8Array, bytes: number, cause: ProtocolError): void {
    const id = beginsAsEvent(ends) ? undefined : (idAtEnd(ends) ?? this.#pending.oldest())
    const isAnswer = this.#pending.rejectUnsure(
      id,
      (command) => new ProtocolError(`${command}: ${cause.message}`, { cause, outcome: 'unknown' }, cause.code),
    )
    if (isAnswer) return
    this.#pending.distrust()
    this.#junk.add(bytes)
  }
}

/** Is it what QEMU says of a line that it could not parse, whosever that was? Such an error has never an id. */
function isOfParser(error: unknown): boolean {
  if (!isObject(error)) return false
  const { desc } = error
  return typeof desc === 'string' && desc.includes('JSON ')
}

/** A monitor that other clients use too may bring an event before its greeting (kata-containers/govmm#90). */
function isEvent(line: Uint8Array, limits: MessageLimits): boolean {
  return (
    Buffer.from(line.buffer, line.byteOffset, Math.min(line.length, MOST_BEFORE_EVENT)).includes('"event"') &&
    Object.hasOwn(parseMessage(line, limits), 'event')
  )
}
