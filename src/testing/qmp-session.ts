import { isObject, own, type WireMessage } from '../wire/message.ts'
import type { PortClient } from './client-port.ts'
import type { CommandArguments, ReceivedCommand } from './command-hooks.ts'
import type { Deliver, ReplyLine } from './delivery.ts'
import { JsonScanner } from './json-scanner.ts'
import { encodeMessage, errorMessage, replyOf } from './peer-reply.ts'
import { Refusal } from './refusal.ts'

/** What a monitor session asks of its QEMU. */
export interface QmpSessionOptions {
  /** What the greeting offers. */
  readonly capabilities: readonly string[]
  /** Carry out a command. */
  readonly run: (command: string, args: CommandArguments) => unknown
  /** Told of each command before it is carried out. */
  readonly log: (command: ReceivedCommand) => void
  /** What becomes of a command; unless given, it is carried out and answered. */
  readonly deliver?: Deliver | undefined
}

/** Commands that QEMU takes out of band. */
const OOB_COMMANDS: ReadonlySet<string> = new Set(['migrate-pause', 'migrate-recover', 'query-yank', 'yank'])

/** One client's time at the monitor: negotiation, then commands, answered in the order in which they came. */
export class QmpSession {
  readonly #client: PortClient
  readonly #options: QmpSessionOptions
  readonly #scanner = new JsonScanner()
  readonly #line: ReplyLine
  #ready = false
  #closed = false
  #oob = false
  #before: Promise<void> = Promise.resolve()

  constructor(client: PortClient, options: QmpSessionOptions) {
    this.#client = client
    this.#options = options
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
    this.#scanner.push(bytes, (message) => {
      this.#onMessage(message)
    })
  }

  /** The client has left: what it sent and was not taken yet, QEMU throws away. */
  close(): void {
    this.#closed = true
  }

  /** Write a message, as the monitor ends its lines. */
  send(message: object): void {
    this.#client.write(`${encodeMessage(message)}\r\n`)
  }

  #onMessage(message: WireMessage | undefined): void {
    if (message === undefined) {
      this.#inTurn(() => Promise.resolve(errorMessage(new Refusal('JSON parse error, invalid keyword'))))
      return
    }
    const id = own(message, 'id')
    const outOfBand = own(message, 'exec-oob')
    const command = outOfBand ?? own(message, 'execute')
    const args = own(message, 'arguments') ?? {}
    const answer = (): Promise<object> =>
      replyOf(() => {
        if (typeof command !== 'string') throw new Refusal("QMP input lacks member 'execute'")
        if (!isObject(args)) throw new Refusal("QMP input member 'arguments' must be an object")
        this.#options.log({ command, arguments: args, id })
        if (outOfBand !== undefined) this.#checkOob(command)
        return this.#ready && command !== 'qmp_capabilities'
          ? this.#options.run(command, args)
          : this.#begin(command, args)
      }, id)
    const received = typeof command === 'string' && isObject(args) ? { command, arguments: args, id } : undefined
    if (outOfBand === undefined) this.#inTurn(answer, received)
    else
      void answer().then((reply) => {
        this.send(reply)
      })
  }

  /** Commands in band wait for the one before: one that hangs holds up all that follow. */
  #inTurn(answer: () => Promise<object>, received?: ReceivedCommand): void {
    const { deliver } = this.#options
    this.#before = this.#before.then(async () => {
      if (this.#closed) return
      if (deliver === undefined || received === undefined) this.send(await answer())
      else await deliver(received, answer, this.#line)
    })
  }

  #begin(command: string, args: CommandArguments): unknown {
    if (command !== 'qmp_capabilities') {
      throw new Refusal("Expecting capabilities negotiation with 'qmp_capabilities'", 'CommandNotFound')
    }
    if (this.#ready) {
      throw new Refusal('Capabilities negotiation is already complete, command ignored', 'CommandNotFound')
    }
    const enable = own(args, 'enable') ?? []
    if (!Array.isArray(enable)) throw new Refusal("Invalid parameter type for 'enable', expected: array")
    const refused = enable.map(String).find((name) => !this.#options.capabilities.includes(name))
    if (refused !== undefined) throw new Refusal(`Capability ${refused} not available`)
    this.#oob = enable.includes('oob')
    this.#ready = true
    return this.#options.run(command, args)
  }

  #checkOob(command: string): void {
    if (!this.#oob) throw new Refusal("QMP input member 'exec-oob' is unexpected")
    if (!OOB_COMMANDS.has(command)) throw new Refusal(`The command ${command} does not support OOB`)
  }
}
