import type { Duplex } from 'node:stream'
import { LimitError } from '../errors/limit-error.ts'
import { CommandError } from '../errors/peer-errors.ts'
import { VcpuError } from '../errors/vcpu-error.ts'
import type { CheckedLimits } from '../wire/checked-limits.ts'
import { QMP_FORWARDED_TIMEOUT_MS } from '../wire/defaults.ts'
import { LineChannel } from '../wire/line-channel.ts'
import { isObject, own, parseMessage, type WireMessage } from '../wire/message.ts'
import type { QmpClient } from './client.ts'
import type { QmpEvent } from './executor.ts'
import type { FairTurns, TurnTaker } from './fair-turns.ts'

/** What a session is part of. */
export interface SessionSurroundings {
  readonly monitor: QmpClient
  readonly turns: FairTurns
  readonly limits: CheckedLimits
  readonly onClose: (session: MultiplexerSession) => void
}

/** Commands that only make sense to who holds the socket itself. */
const WITH_DESCRIPTOR: ReadonlySet<string> = new Set(['getfd', 'add-fd'])

/** One command, from its arrival to its answer. */
class Entry {
  readonly id: unknown
  /** The line that answers it, once that is known. */
  reply: string | undefined
  /** Has its answer been read off the monitor's connection? */
  isRead = false

  constructor(id: unknown) {
    this.id = id
  }

  answer(message: object): void {
    this.reply = `${JSON.stringify(this.id === undefined ? message : { ...message, id: this.id })}\r\n`
  }

  refuse(errorClass: string, desc: string): void {
    this.answer({ error: { class: errorClass, desc } })
  }
}

interface Asked {
  readonly command: string
  readonly args: WireMessage | undefined
}

interface Forwarded extends Asked {
  readonly entry: Entry
}

const MEMBERS: ReadonlySet<string> = new Set(['execute', 'arguments', 'id'])

/**
 * What a message asks for, or in words what is wrong with its members. As QEMU has it: what is
 * forwarded are the members that are known, and without one that is misspelt a command must not be carried out.
 */
function commandOf(message: WireMessage): Asked | string {
  if (own(message, 'exec-oob') !== undefined) return 'a multiplexed monitor has no out-of-band execution'
  const odd = Object.keys(message).find((member) => !MEMBERS.has(member))
  if (odd !== undefined) return `QMP input member '${odd}' is unexpected`
  const command = own(message, 'execute')
  const args = own(message, 'arguments')
  if (command === undefined) return "QMP input lacks member 'execute'"
  if (typeof command !== 'string') return "QMP input member 'execute' must be a string"
  if (args !== undefined && !isObject(args)) return "QMP input member 'arguments' must be an object"
  return { command, args }
}

/**
 * The monitor's side of one client: greets, negotiates, and forwards commands in their order. Answers and events leave in the
 * order in which they came from the real monitor.
 */
export class MultiplexerSession implements TurnTaker {
  readonly #surroundings: SessionSurroundings
  readonly #channel: LineChannel
  /** Not sent to the monitor yet. */
  #queue: Forwarded[] = []
  /** Not answered yet, in the order of arrival. */
  readonly #open: Entry[] = []
  /** Answers and events in the order of the wire; an answer whose text is a moment away holds up what is behind it. */
  readonly #out: (Entry | string)[] = []
  #isReady = false
  #isClosed = false

  constructor(duplex: Duplex, surroundings: SessionSurroundings) {
    this.#surroundings = surroundings
    const { monitor, limits, onClose } = surroundings
    this.#channel = new LineChannel(duplex, {
      label: 'qmp-multiplexer',
      maxMessageBytes: limits.messageBytes,
      unsentBytes: limits.unsentBytes,
      onLine: (line) => {
        this.#onLine(line)
      },
      onClose: () => {
        this.#isClosed = true
        this.#queue = []
        onClose(this)
      },
    })
    // Out-of-band execution belongs to the one connection that there is.
    this.#write(`${JSON.stringify({ QMP: { version: monitor.greeting.version, capabilities: [] } })}\r\n`)
  }

  /** The monitor had an event. */
  event(event: QmpEvent): void {
    if (!this.#isReady) return
    this.#out.push(`${JSON.stringify(event)}\r\n`)
    this.#flush()
  }

  next(): Promise<void> | undefined {
    const forwarded = this.#queue.shift()
    return forwarded === undefined ? undefined : this.#forward(forwarded)
  }

  /** Hang up. What is under way at the monitor is carried out all the same. */
  close(cause: Error): void {
    this.#channel.close(cause)
  }

  #onLine(line: Uint8Array): void {
    const { limits, turns } = this.#surroundings
    // A blank line is nothing to QEMU either.
    if (line.every((byte) => byte === 0x20 || byte === 0x0d || byte === 0x09)) return
    const message = parseMessage(line, limits)
    const entry = new Entry(own(message, 'id'))
    if (this.#open.length >= limits.pending) {
      const what = `a client of the multiplexer has ${limits.pending} commands waiting, which is the limit`
      throw new LimitError('ERR_TOO_MANY_PENDING', what)
    }
    this.#open.push(entry)
    const asked = commandOf(message)
    if (typeof asked === 'string') entry.refuse('GenericError', asked)
    else if (asked.command === 'qmp_capabilities') this.#negotiate(entry, asked.args)
    else if (!this.#isReady)
      entry.refuse('CommandNotFound', "Expecting capabilities negotiation with 'qmp_capabilities'")
    else if (WITH_DESCRIPTOR.has(asked.command))
      entry.refuse('GenericError', `${asked.command}: a file descriptor cannot pass through a multiplexed monitor`)
    else {
      this.#queue.push({ entry, ...asked })
      turns.ask(this)
      return
    }
    this.#answerOwn()
  }

  #negotiate(entry: Entry, args: WireMessage | undefined): void {
    const enable = own(args ?? {}, 'enable')
    if (this.#isReady) entry.refuse('CommandNotFound', 'Capabilities negotiation is already complete, command ignored')
    else if (Array.isArray(enable) && enable.length > 0)
      entry.refuse('GenericError', 'Capability not available: a multiplexed monitor offers none')
    else {
      this.#isReady = true
      entry.answer({ return: {} })
    }
  }

  async #forward({ entry, command, args }: Forwarded): Promise<void> {
    const onReply = (): void => {
      this.#read(entry)
    }
    try {
      const options = { timeoutMs: QMP_FORWARDED_TIMEOUT_MS, onReply }
      entry.answer({ return: await this.#surroundings.monitor.unchecked.execute(command, args, options) })
    } catch (error) {
      // What is answered with an error was not carried out. Of all else that is not known: it is the client's to say so.
      const isSure = error instanceof VcpuError && (error.outcome === 'rejected' || error.outcome === 'not-sent')
      if (!isSure || this.#surroundings.monitor.state !== 'ready') {
        this.close(error instanceof Error ? error : new Error(String(error)))
        return
      }
      if (error instanceof CommandError) entry.refuse(error.errorClass, error.description)
      else entry.refuse('GenericError', error.message)
    }
    this.#read(entry)
    this.#flush()
  }

  /** Its answer is the next on the wire. */
  #read(entry: Entry): void {
    if (entry.isRead || this.#isClosed) return
    entry.isRead = true
    this.#open.splice(this.#open.indexOf(entry), 1)
    this.#out.push(entry)
    this.#answerOwn()
  }

  /** What this side answers itself waits for the answers to the commands before it. */
  #answerOwn(): void {
    for (let [first] = this.#open; first?.reply !== undefined; [first] = this.#open) {
      this.#open.shift()
      this.#out.push(first)
    }
    this.#flush()
  }

  #flush(): void {
    for (let [first] = this.#out; first !== undefined; [first] = this.#out) {
      const text = typeof first === 'string' ? first : first.reply
      if (text === undefined) return
      this.#out.shift()
      this.#write(text)
    }
  }

  #write(text: string): void {
    if (this.#isClosed) return
    try {
      this.#channel.checkRoom('an answer')
    } catch (error) {
      // It does not read: what it has not taken is all that it may cost.
      this.close(error instanceof Error ? error : new Error(String(error)))
      return
    }
    this.#channel.send(text)
  }
}
