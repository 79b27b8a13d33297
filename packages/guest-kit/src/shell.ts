import { KitError } from './kit-error.ts'
import { LineSocket } from './line-socket.ts'
import { defer, within, type Deferred } from './wait.ts'

/** What a command in the guest did. */
export interface ShellResult {
  readonly stdout: string
  readonly stderr: string
  readonly status: number
}

const defaultTimeoutMs = 60_000

/** The root shell in the guest, on a virtio-serial port of its own. Its commands run one at a time. */
export class Shell {
  #ready = defer<undefined>()
  readonly #socket: LineSocket
  readonly #pending = new Map<string, Deferred<ShellResult>>()
  #lastId = 0
  #ended: Error | undefined

  private constructor(socket: LineSocket) {
    this.#socket = socket
  }

  static async listen(path: string): Promise<Shell> {
    let shell: Shell | undefined = undefined
    const receive = (line: string) => shell?.receive(line)
    const socket = await LineSocket.listen(path, receive)
    shell = new Shell(socket)
    return shell
  }

  /** The socket's path, for QEMU's command line. */
  get path(): string {
    return this.#socket.path
  }

  /** Resolves when the guest's side is there. */
  ready(): Promise<undefined> {
    return this.#ready.promise
  }

  /** Resolves when the guest's side is there anew. */
  readyAgain(): Promise<undefined> {
    this.#ready = defer<undefined>()
    return this.ready()
  }

  /** Runs a script that will not answer, such as one that ends the guest. */
  post(script: string): void {
    this.#send('0', script)
  }

  /**
   * Runs a script in the guest.
   *
   * @throws KitError when it has not ended in time (it may still be running then, and whatever follows waits for it), or
   * QEMU ends.
   */
  run(script: string, timeoutMs = defaultTimeoutMs): Promise<ShellResult> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    const id = String(++this.#lastId)
    const reply = defer<ShellResult>()
    this.#pending.set(id, reply)
    this.#send(id, script)
    return within(reply.promise, timeoutMs, `the guest's shell did not answer '${script}'`).finally(() => {
      this.#pending.delete(id)
    })
  }

  close(cause: Error): void {
    this.#ended ??= cause
    this.#ready.reject(cause)
    for (const reply of this.#pending.values()) reply.reject(cause)
    this.#socket.close()
  }

  #send(id: string, script: string): void {
    this.#socket.send(`${id}:${Buffer.from(`${script}\n`).toString('base64')}`)
  }

  private receive(line: string): void {
    if (line === 'ready') {
      this.#ready.resolve(undefined)
      return
    }
    const [id = '', status = '', stdout, stderr] = line.split(':')
    const reply = this.#pending.get(id)
    // A late answer to a command that was given up.
    if (reply === undefined) return
    if (stdout === undefined || stderr === undefined) {
      reply.reject(new KitError(`the guest's shell answered ${JSON.stringify(line)}`))
      return
    }
    reply.resolve({ status: Number(status), stdout: decode(stdout), stderr: decode(stderr) })
  }
}

function decode(text: string): string {
  return Buffer.from(text, 'base64').toString('utf8')
}
