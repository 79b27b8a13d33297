import { KitError } from './kit-error.ts'
import { LineSocket } from './line-socket.ts'
import { defer, within, type Deferred } from './wait.ts'

/** An event of QEMU's, as far as the kit looks. */
export interface ControlEvent {
  readonly event: string
  readonly data: Readonly<Record<string, unknown>>
}

const queryTimeoutMs = 60_000

/**
 * The kit's own QMP monitor: ground truth for tests that must not depend on the client under test. QEMU connects to it, so
 * its greeting also says that QEMU's own sockets are there.
 */
export class Control {
  readonly #socket: LineSocket
  readonly #pending = new Map<number, Deferred<unknown>>()
  readonly #listeners = new Set<(event: ControlEvent) => void>()
  #lastId = 0
  #ended: Error | undefined

  private constructor(socket: LineSocket) {
    this.#socket = socket
  }

  static async listen(path: string): Promise<Control> {
    let control: Control | undefined = undefined
    const receive = (line: string) => control?.receive(line)
    const socket = await LineSocket.listen(path, receive)
    control = new Control(socket)
    return control
  }

  /** The socket's path, for QEMU's command line. */
  get path(): string {
    return this.#socket.path
  }

  /**
   * Sends a command and resolves to its `return`.
   *
   * @throws KitError with QEMU's own words when it refuses, when it ends, or after a minute.
   */
  query(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = ++this.#lastId
    const reply = defer<unknown>()
    this.#pending.set(id, reply)
    this.#socket.send(JSON.stringify({ execute: command, arguments: args, id }))
    return within(reply.promise, queryTimeoutMs, `QEMU did not answer ${command}`).finally(() => {
      this.#pending.delete(id)
    })
  }

  /** Calls `listener` for every event until the returned function is called. */
  subscribe(listener: (event: ControlEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Rejects what is pending and whatever follows. */
  close(cause: Error): void {
    this.#ended ??= cause
    for (const reply of this.#pending.values()) reply.reject(cause)
    this.#socket.close()
  }

  private receive(line: string): void {
    const message: unknown = JSON.parse(line)
    if (!isRecord(message)) return
    if (typeof message['event'] === 'string') {
      const data = isRecord(message['data']) ? message['data'] : {}
      for (const listener of [...this.#listeners]) listener({ event: message['event'], data })
    }
    const reply = typeof message['id'] === 'number' ? this.#pending.get(message['id']) : undefined
    if (reply === undefined) return
    if ('return' in message) reply.resolve(message['return'])
    else reply.reject(new KitError(`QEMU refused: ${JSON.stringify(message['error'])}`))
  }
}

/** Is it a JSON object? */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
