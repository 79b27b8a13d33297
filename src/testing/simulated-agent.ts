import type { Duplex } from 'node:stream'
import { isObject, own, type WireMessage } from '../wire/message.ts'
import type { SocketAddress, SocketListener } from '../wire/socket.ts'
import { agentCommands } from './agent-commands.ts'
import { AgentProcess } from './agent-process.ts'
import { ClientPort } from './client-port.ts'
import type { ReplyLine } from './delivery.ts'
import { CommandHooks, type CommandHandler, type ReceivedCommand } from './command-hooks.ts'
import { GuestFiles } from './guest-files.ts'
import { JsonScanner } from './json-scanner.ts'
import { encodeMessage, errorMessage, replyOf } from './peer-reply.ts'
import { Refusal } from './refusal.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import type { AgentSurroundings } from './surroundings.ts'

/** How the agent is set up. */
export interface SimulatedAgentOptions {
  /** Commands that its configuration forbids (`block-rpcs`): `CommandDisabled`. */
  readonly blocked?: readonly string[]
  /** Commands that it was built without: `CommandNotFound`. */
  readonly missing?: readonly string[]
  /** `false`: it never echoes an id, as before QEMU 4.0. */
  readonly echoesIds?: boolean
  /** Its version; `10.0.0` unless given. */
  readonly version?: string
}

const SENTINEL = Uint8Array.of(0xff)

/**
 * A guest agent for unit tests: it speaks its protocol as `qemu-ga` does and acts on a {@link SimulatedGuest}, its own or that
 * of a `SimulatedQemu`. Its channel has no notion of clients, like a virtio port: what one left half said is still there
 * for the next.
 */
export class SimulatedAgent implements AsyncDisposable {
  readonly guest: SimulatedGuest
  /** `true`: it reads and logs commands, and answers none. */
  silent = false
  readonly #options: SimulatedAgentOptions
  readonly #files: GuestFiles
  readonly #hooks: CommandHooks
  readonly #port: ClientPort
  readonly #scanner = new JsonScanner()
  #leftOver: (string | Uint8Array)[] = []
  readonly #surroundings: AgentSurroundings
  readonly #process: AgentProcess
  #before: Promise<void> = Promise.resolve()

  /** @param guest - the guest that it runs in, for example `qemu.guest` */
  constructor(guest: SimulatedGuest, options: SimulatedAgentOptions = {}, surroundings: AgentSurroundings = {}) {
    this.guest = guest
    this.#surroundings = surroundings
    this.#options = options
    this.#files = new GuestFiles(guest)
    this.#process = new AgentProcess(guest)
    const info = (): object => this.#info()
    const parts = { guest, files: this.#files, info, onSwitch: surroundings.onSwitch }
    this.#hooks = new CommandHooks(agentCommands(parts, options.missing ?? []))
    this.#port = new ClientPort({
      onOpen: (client) => {
        for (const bytes of this.#leftOver.splice(0)) client.write(bytes)
      },
      onBytes: (_, bytes) => {
        this.#scanner.push(bytes, (message) => {
          this.#onMessage(message)
        })
      },
      onGone: () => undefined,
    })
  }

  /** Every command received so far, syncs included. */
  get commands(): readonly ReceivedCommand[] {
    return this.#hooks.received
  }

  /** File handles that nobody has closed. */
  get openHandles(): readonly number[] {
    return this.#files.openHandles
  }

  /** A connection to the agent's channel: the client's end. */
  connect(): Duplex {
    return this.#port.connect()
  }

  /** Serve the channel on a UNIX or TCP socket too. */
  listen(address: SocketAddress): Promise<SocketListener> {
    return this.#port.listen(address)
  }

  /** Answer `command` with `handler` until the function returned is called. */
  onCommand(command: string, handler: CommandHandler): () => void {
    return this.#hooks.hook(command, handler)
  }

  /** Leave bytes in the channel that the next client reads first: an earlier client's reply, whole or in part. */
  leave(bytes: string | Uint8Array): void {
    this.#leftOver.push(bytes)
  }

  /** Send any bytes to the client, asked or not. */
  emit(bytes: string | Uint8Array): void {
    this.#port.client?.write(bytes)
  }

  /** Send at least so many bytes of junk, in lines of `lineBytes`. */
  flood(totalBytes: number, lineBytes = 1_024): void {
    const line = `${'x'.repeat(lineBytes - 1)}\n`
    for (let sent = 0; sent < totalBytes; sent += lineBytes) this.emit(line)
  }

  /** The client's connection drops; the agent lives on. */
  dropClient(): void {
    this.#port.drop()
  }

  /** It stands still (SIGSTOP): what is sent to it waits. */
  halt(): void {
    this.#process.halt()
  }

  /** It goes on, with what waits. */
  go(): void {
    this.#process.go()
  }

  /** It ends and begins anew: what it was asked and has not answered is forgotten, and its file handles are closed. */
  restart(): void {
    this.#before = Promise.resolve()
    this.#scanner.reset()
    this.#files.closeAll()
    this.#process.restart()
  }

  /** The channel goes away, as when QEMU dies. */
  kill(): void {
    void this.#port.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#port.close()
  }

  #onMessage(message: WireMessage | undefined): void {
    const id = message === undefined ? undefined : own(message, 'id')
    const command = message === undefined ? undefined : own(message, 'execute')
    const args = message === undefined ? undefined : (own(message, 'arguments') ?? {})
    const known = typeof command === 'string' && isObject(args)
    if (known) this.#hooks.received.push({ command, arguments: args, id })
    const { life } = this.#process
    const answer = (): Promise<object> => {
      if (message === undefined) return Promise.resolve(errorMessage(new Refusal('JSON parse error, invalid keyword')))
      const run = (): unknown => {
        if (!known) throw new Refusal("QMP input lacks member 'execute'")
        return this.#run(command, args)
      }
      return replyOf(run, this.#options.echoesIds === false ? undefined : id)
    }
    const { deliver } = this.#surroundings
    this.#before = this.#before
      .then(() => this.#process.whenItRuns())
      .then(async () => {
        if (this.silent || this.#process.life !== life) return
        const line = this.#lineOf(life, command === 'guest-sync-delimited')
        if (deliver === undefined || !known) line.send(await answer())
        else await deliver({ command, arguments: args, id }, () => this.#process.inLife(life, answer), line)
      })
  }

  /** The way back into the channel, as long as it is the same process that answers. */
  #lineOf(life: number, delimited: boolean): ReplyLine {
    const sendLine = (line: string): void => {
      if (this.#process.life !== life) return
      if (delimited) this.emit(SENTINEL)
      this.emit(`${line}\n`)
    }
    return {
      sendLine,
      send: (reply) => {
        sendLine(encodeMessage(reply))
      },
      drop: () => {
        this.#port.drop()
      },
    }
  }

  #run(command: string, args: Readonly<Record<string, unknown>>): unknown {
    if (this.#options.blocked?.includes(command) === true) {
      const { refuseBlocked } = this.#surroundings
      throw (
        refuseBlocked?.(command) ??
        new Refusal(`Command ${command} has been disabled: the command is not allowed`, 'CommandDisabled')
      )
    }
    return this.#hooks.run(command, args)
  }

  #info(): object {
    const { version = '10.0.0', blocked = [] } = this.#options
    const supported = this.#hooks.names.map((name) => ({
      name,
      enabled: !blocked.includes(name),
      'success-response': true,
    }))
    return { version, supported_commands: supported }
  }
}
