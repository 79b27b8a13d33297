import { inBackground } from '../wire/background.ts'
import { own } from '../wire/message.ts'
import { checkArguments } from './argument-check.ts'
import type { PortClient } from './client-port.ts'
import type { CommandArguments, ReceivedCommand } from './command-hooks.ts'
import type { Deliver, ReplyLine } from './delivery.ts'
import { openEnvelope, type Envelope } from './envelope.ts'
import { JsonReader, type ReadMessage } from './json-reader.ts'
import { encodeMessage, errorMessage, idOf, refusalReply, replyOf } from './peer-reply.ts'
import { Refusal } from './refusal.ts'

/** What a monitor session asks of its QEMU. */
export interface QmpSessionOptions {
  /** QEMU's major version: 11 words what it cannot parse in another way. */
  readonly major: number
  /** What the greeting offers. */
  readonly capabilities: readonly string[]
  /** Carry out a command. */
  readonly run: (command: string, args: CommandArguments) => unknown
  /** Does QEMU have this command? */
  readonly knows: (command: string) => boolean
  /** Does QEMU take no more commands? */
  readonly isOver: () => boolean
  /** Told of each command before it is carried out. */
  readonly log: (command: ReceivedCommand) => void
  /** What becomes of a command; unless given, it is carried out and answered. */
  readonly deliver?: Deliver | undefined
}

/** Commands that QEMU takes out of band. */
const OOB_COMMANDS: ReadonlySet<string> = new Set(['migrate-pause', 'migrate-recover', 'query-yank', 'yank'])
/** All capabilities that QEMU has a word for. */
const CAPABILITIES: ReadonlySet<string> = new Set(['oob'])

/** One client's time at the monitor: negotiation, then commands, answered in the order in which they came. */
export class QmpSession {
  readonly #client: PortClient
  readonly #options: QmpSessionOptions
  readonly #reader: JsonReader
  readonly #line: ReplyLine
  #ready = false
  #closed = false
  #oob = false
  #before: Promise<void> = Promise.resolve()

  constructor(client: PortClient, options: QmpSessionOptions) {
    this.#client = client
    this.#options = options
    this.#reader = new JsonReader(options.major, (message) => {
      this.#onMessage(message)
    })
    this.#line = {
      send: (reply) => {
        this.send(reply)
      },
      sendLine: (line) => {
        client.write(`${line}\r\n`)
      },
      drop: () => {
        client.end()
      },
    }
  }

  /** Has it negotiated? Events are not sent before. */
  get ready(): boolean {
    return this.#ready
  }

  push(bytes: Uint8Array): void {
    this.#reader.push(bytes)
  }

  /** The client has left: what it sent and was not taken yet, QEMU throws away. */
  close(): void {
    this.#closed = true
  }

  /** Write a message, as the monitor ends its lines. */
  send(message: object): void {
    this.#client.write(`${encodeMessage(message)}\r\n`)
  }

  #onMessage(message: ReadMessage): void {
    if ('wrong' in message) {
      this.#inTurn(() => Promise.resolve(errorMessage(new Refusal(message.wrong))))
      return
    }
    const id = idOf(message.value)
    // What comes out of band is taken at once; whether a member may say so was settled when the session began.
    const opened = this.#open(message.value)
    if (opened instanceof Refusal) {
      this.#inTurn(() => Promise.resolve(refusalReply(opened, id)))
      return
    }
    const { command, arguments: args, isOutOfBand } = opened
    const received: ReceivedCommand = { command, arguments: args, id }
    const answer = (): Promise<object> =>
      replyOf(() => {
        this.#options.log(received)
        return this.#run(opened)
      }, id)
    if (!isOutOfBand) this.#inTurn(answer, received)
    else
      inBackground(
        'an out-of-band answer',
        answer().then((reply) => {
          this.send(reply)
        }),
      )
  }

  #open(message: unknown): Envelope | Refusal {
    try {
      return openEnvelope(message, this.#oob)
    } catch (error) {
      if (error instanceof Refusal) return error
      throw error
    }
  }

  /** Commands in band wait for the one before: one that hangs holds up all that follow. */
  #inTurn(answer: () => Promise<object>, received?: ReceivedCommand): void {
    const { deliver } = this.#options
    this.#before = this.#before.then(async () => {
      if (this.#closed || this.#options.isOver()) return
      if (deliver === undefined || received === undefined) this.send(await answer())
      else await deliver(received, answer, this.#line)
    })
  }

  #run({ command, arguments: args, isOutOfBand }: Envelope): unknown {
    const { run, knows } = this.#options
    if (command === 'qmp_capabilities') return this.#negotiate(args)
    if (!this.#ready) {
      throw new Refusal("Expecting capabilities negotiation with 'qmp_capabilities'", 'CommandNotFound')
    }
    if (!knows(command)) throw new Refusal(`The command ${command} has not been found`, 'CommandNotFound')
    if (isOutOfBand && !OOB_COMMANDS.has(command)) throw new Refusal(`The command ${command} does not support OOB`)
    checkArguments(command, args)
    return run(command, args)
  }

  #negotiate(args: CommandArguments): unknown {
    if (this.#ready) {
      throw new Refusal('Capabilities negotiation is already complete, command ignored', 'CommandNotFound')
    }
    checkArguments('qmp_capabilities', args)
    const { run, capabilities } = this.#options
    const enable = own(args, 'enable')
    const names: readonly string[] = Array.isArray(enable) ? enable.map(String) : []
    const unheardOf = names.find((name) => !CAPABILITIES.has(name))
    // QEMU has no name for an element of a list.
    if (unheardOf !== undefined) throw new Refusal(`Parameter 'null' does not accept value '${unheardOf}'`)
    const refused = names.find((name) => !capabilities.includes(name))
    if (refused !== undefined) throw new Refusal(`Capability ${refused} not available`)
    this.#oob = names.includes('oob')
    this.#ready = true
    return run('qmp_capabilities', args)
  }
}
