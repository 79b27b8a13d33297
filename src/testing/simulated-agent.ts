import type { Duplex } from 'node:stream'
import { isObject, own, type WireMessage } from '../wire/message.ts'
import type { SocketAddress, SocketListener } from '../wire/socket.ts'
import { ClientPort } from './client-port.ts'
import { CommandHooks, type CommandHandler, type ReceivedCommand } from './command-hooks.ts'
import { GuestFiles } from './guest-files.ts'
import { JsonScanner } from './json-scanner.ts'
import { encodeMessage, errorMessage, replyOf } from './peer-reply.ts'
import { Refusal } from './refusal.ts'
import { setVcpus } from './set-vcpus.ts'
import type { SimulatedGuest } from './simulated-guest.ts'

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
  #before: Promise<void> = Promise.resolve()

  /** @param guest - the guest that it runs in, for example `qemu.guest` */
  constructor(guest: SimulatedGuest, options: SimulatedAgentOptions = {}) {
    this.guest = guest
    this.#options = options
    this.#files = new GuestFiles(guest)
    const { missing = [] } = options
    const commands: Record<string, (args: Readonly<Record<string, unknown>>) => unknown> = {
      'guest-sync': ({ id }) => id,
      'guest-sync-delimited': ({ id }) => id,
      'guest-ping': () => undefined,
      'guest-info': () => this.#info(),
      'guest-get-vcpus': () => this.guest.vcpus(),
      'guest-set-vcpus': ({ vcpus }) => setVcpus(this.guest, vcpus),
      'guest-file-open': ({ path, mode }) => this.#files.open(path, mode),
      'guest-file-read': ({ handle, count }) => this.#files.read(handle, count),
      'guest-file-close': ({ handle }) => {
        this.#files.close(handle)
      },
    }
    this.#hooks = new CommandHooks(
      Object.fromEntries(Object.entries(commands).filter(([name]) => !missing.includes(name))),
    )
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
    const answer = (): Promise<object> => {
      if (message === undefined) return Promise.resolve(errorMessage(new Refusal('JSON parse error, invalid keyword')))
      const run = (): unknown => {
        if (!known) throw new Refusal("QMP input lacks member 'execute'")
        return this.#run(command, args)
      }
      return replyOf(run, this.#options.echoesIds === false ? undefined : id)
    }
    this.#before = this.#before
      .then(() => this.#whenGuestRuns())
      .then(() => (this.silent ? undefined : answer()))
      .then((reply) => {
        if (reply === undefined) return
        if (command === 'guest-sync-delimited') this.emit(SENTINEL)
        this.emit(`${encodeMessage(reply)}\n`)
      })
  }

  #run(command: string, args: Readonly<Record<string, unknown>>): unknown {
    if (this.#options.blocked?.includes(command) === true) {
      throw new Refusal(`Command ${command} has been disabled: the command is not allowed`, 'CommandDisabled')
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

  #whenGuestRuns(): Promise<void> {
    return new Promise((resolve) => {
      this.guest.soon(resolve)
    })
  }
}
