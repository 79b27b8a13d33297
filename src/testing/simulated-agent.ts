import type { Duplex } from 'node:stream'
import { inBackground } from '../wire/background.ts'
import type { SocketListener } from '../wire/listen.ts'
import type { SocketAddress } from '../wire/socket.ts'
import { agentCommands } from './agent-commands.ts'
import { blockedCommand } from './agent-refusal.ts'
import { checkArguments } from './argument-check.ts'
import { AgentProcess } from './agent-process.ts'
import { ClientPort } from './client-port.ts'
import type { ReplyLine } from './delivery.ts'
import { CommandHooks, type CommandHandler, type ReceivedCommand } from './command-hooks.ts'
import type { MachineKind } from './machine-kind.ts'
import { openEnvelope, type Envelope } from './envelope.ts'
import { GuestFiles } from './guest-files.ts'
import { JsonReader, type ReadMessage } from './json-reader.ts'
import { encodeMessage, idOf, refusalReply, replyOf } from './peer-reply.ts'
import { Refusal } from './refusal.ts'
import type { SimulatedGuest } from './simulated-guest.ts'
import type { AgentSurroundings } from './surroundings.ts'

/** How the agent is set up. */
export interface SimulatedAgentOptions {
  /** Commands that its configuration forbids (`block-rpcs`): `CommandNotFound`, before 4.2 `GenericError`. */
  readonly blocked?: readonly string[]
  /** Commands that it was built without: `CommandNotFound`. */
  readonly missing?: readonly string[]
  /** `false`: it never echoes an id, as before QEMU 4.0. */
  readonly echoesIds?: boolean
  /** Its version; `10.0.0` unless given. */
  readonly version?: string
  /** What `guest-get-osinfo` answers; a Linux 6.1 unless given. */
  readonly osinfo?: object
}

const DEFAULT_VERSION = '10.0.0'
const MACHINES: Readonly<Record<MachineKind, string>> = {
  x86: 'x86_64',
  pseries: 'ppc64le',
  s390x: 's390x',
  loongarch64: 'loongarch64',
  'no-hotplug': 'x86_64',
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
  readonly #reader: JsonReader
  #leftOver: (string | Uint8Array)[] = []
  readonly #surroundings: AgentSurroundings
  readonly #process: AgentProcess
  #before: Promise<void> = Promise.resolve()

  /** @param guest - the guest that it runs in, for example `qemu.guest` */
  constructor(guest: SimulatedGuest, options?: SimulatedAgentOptions)
  /** @internal */
  constructor(guest: SimulatedGuest, options?: SimulatedAgentOptions, surroundings?: AgentSurroundings)
  constructor(guest: SimulatedGuest, options: SimulatedAgentOptions = {}, surroundings: AgentSurroundings = {}) {
    this.guest = guest
    this.#surroundings = surroundings
    this.#options = options
    this.#files = new GuestFiles(guest)
    this.#process = new AgentProcess(guest)
    const version = Number.parseFloat(options.version ?? DEFAULT_VERSION)
    this.#reader = new JsonReader(Math.floor(version), (message) => {
      this.#onMessage(message)
    })
    const info = (): object => this.#info()
    const osinfo = options.osinfo ?? osinfoOf(guest.kind)
    const parts = { guest, files: this.#files, info, osinfo, version, onSwitch: surroundings.onSwitch }
    this.#hooks = new CommandHooks(agentCommands(parts, options.missing ?? []))
    this.#port = new ClientPort({
      onOpen: (client) => {
        for (const bytes of this.#leftOver.splice(0)) client.write(bytes)
      },
      onBytes: (_, bytes) => {
        this.#reader.push(bytes)
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
    this.#reader.reset()
    this.#files.closeAll()
    this.#process.restart()
  }

  /** The channel goes away, as when QEMU dies. */
  kill(): void {
    inBackground("closing the agent's channel", this.#port.close())
  }

  /** Closes its channel and everything that listens, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#port.close()
  }

  #onMessage(message: ReadMessage): void {
    const opened = this.#open(message)
    const isCommand = !(opened instanceof Refusal)
    const id = 'value' in message ? idOf(message.value) : undefined
    const echoed = this.#options.echoesIds === false ? undefined : id
    const received = isCommand ? { command: opened.command, arguments: opened.arguments, id } : undefined
    if (received !== undefined) this.#hooks.received.push(received)
    const { life } = this.#process
    const answer = (): Promise<object> =>
      isCommand ? replyOf(() => this.#run(opened), echoed) : Promise.resolve(refusalReply(opened, echoed))
    const { deliver } = this.#surroundings
    this.#before = this.#before
      .then(() => this.#process.whenItRuns())
      .then(async () => {
        if (this.silent || this.#process.life !== life) return
        const line = this.#lineOf(life, received?.command === 'guest-sync-delimited')
        if (deliver === undefined || received === undefined) line.send(await answer())
        else await deliver(received, () => this.#process.inLife(life, answer), line)
      })
  }

  #open(message: ReadMessage): Envelope | Refusal {
    try {
      if ('wrong' in message) return new Refusal(message.wrong)
      return openEnvelope(message.value, false)
    } catch (error) {
      if (error instanceof Refusal) return error
      throw error
    }
  }

  /** The way back into the channel, as long as it is the same process that answers. */
  #lineOf(life: number, delimited: boolean): ReplyLine {
    const sendLine = (line: string, isDelimited = delimited): void => {
      if (this.#process.life !== life) return
      if (isDelimited) this.emit(SENTINEL)
      this.emit(`${line}\n`)
    }
    return {
      sendLine,
      send: (reply) => {
        // A sync that is refused has not asked for the sentinel.
        sendLine(encodeMessage(reply), delimited && 'return' in reply)
      },
      drop: () => {
        this.#port.drop()
      },
    }
  }

  #run({ command, arguments: args }: Envelope): unknown {
    const { blocked = [], version = DEFAULT_VERSION } = this.#options
    if (blocked.includes(command)) throw blockedCommand(command, version)
    if (this.#hooks.knows(command)) checkArguments(command, args)
    return this.#hooks.run(command, args)
  }

  #info(): object {
    const { version = DEFAULT_VERSION, blocked = [] } = this.#options
    const supported = this.#hooks.names.map((name) => ({
      name,
      enabled: !blocked.includes(name),
      'success-response': true,
    }))
    return { version, supported_commands: supported }
  }
}

/** A guest without /etc/os-release tells of its kernel alone. */
function osinfoOf(kind: MachineKind): object {
  return { 'kernel-release': '6.1.0', 'kernel-version': '#1 SMP simulated', machine: MACHINES[kind] }
}
