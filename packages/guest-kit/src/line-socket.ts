import { createServer, type Server, type Socket } from 'node:net'
import { defer } from './wait.ts'

/** A UNIX socket that QEMU connects to, once, and that carries lines of text. */
export class LineSocket {
  readonly path: string
  readonly #server: Server
  readonly #connection = defer<Socket>()
  readonly #onLine: (line: string) => void
  #buffered = ''

  private constructor(path: string, onLine: (line: string) => void) {
    this.path = path
    this.#onLine = onLine
    this.#server = createServer((socket) => {
      this.#adopt(socket)
    })
  }

  /** Listens at `path`, so that QEMU finds it when it starts: nobody has to poll for a socket of QEMU's. */
  static async listen(path: string, onLine: (line: string) => void): Promise<LineSocket> {
    const lines = new LineSocket(path, onLine)
    const listening = defer<undefined>()
    lines.#server.once('error', listening.reject)
    lines.#server.listen(path, () => {
      listening.resolve(undefined)
    })
    await listening.promise
    return lines
  }

  /** Writes a line, as soon as QEMU is connected. */
  send(line: string): void {
    this.#connection.promise.then(
      (socket) => socket.write(`${line}\n`),
      () => undefined,
    )
  }

  close(): void {
    this.#server.close()
    this.#connection.promise.then(
      (socket) => socket.destroy(),
      () => undefined,
    )
    this.#connection.reject(new Error('closed'))
  }

  #adopt(socket: Socket): void {
    socket.setEncoding('utf8')
    socket.on('data', (text: string) => {
      this.#buffered += text
      const lines = this.#buffered.split('\n')
      this.#buffered = lines.pop() ?? ''
      for (const line of lines) this.#onLine(line.replace(/\r$/, ''))
    })
    // The end of QEMU is seen at the process; what is pending is settled there.
    socket.on('error', () => socket.destroy())
    this.#connection.resolve(socket)
  }
}
