import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const NEWLINE = 0x0a
const NEGOTIATE = Buffer.from('{"execute":"qmp_capabilities","id":0}\n')
/** The two queries that every map is computed from, sent back to back as the package sends them. */
const QUERIES = Buffer.from('{"execute":"query-hotpluggable-cpus","id":1}\n{"execute":"query-cpus-fast","id":2}\n')

/** The two replies as they came, the line ends included. */
export type RawReplies = readonly [hotpluggable: Buffer, plugged: Buffer]

/**
 * The floor: a bare socket, commands that are ready-made bytes, and replies of which only the line ends are counted. No
 * client can be faster that still asks.
 */
export class RawMonitor {
  readonly #socket: Socket
  #linesLeft = 0
  #chunks: Buffer[] | undefined
  #done: () => void = () => undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.#take(chunk)
    })
  }

  static async connect(path: string): Promise<RawMonitor> {
    const socket = connect(path)
    await once(socket, 'connect')
    const monitor = new RawMonitor(socket)
    await monitor.#lines(1)
    socket.write(NEGOTIATE)
    await monitor.#lines(1)
    return monitor
  }

  /** One round trip of both queries. */
  ask(): Promise<void> {
    this.#socket.write(QUERIES)
    return this.#lines(2)
  }

  /** The same, and what was answered. */
  async record(): Promise<RawReplies> {
    this.#chunks = []
    await this.ask()
    const bytes = Buffer.concat(this.#chunks)
    this.#chunks = undefined
    const end = bytes.indexOf(NEWLINE) + 1
    return [bytes.subarray(0, end), bytes.subarray(end)]
  }

  close(): void {
    this.#socket.destroy()
  }

  #lines(count: number): Promise<void> {
    this.#linesLeft = count
    return new Promise((resolve) => {
      this.#done = resolve
    })
  }

  #take(chunk: Buffer): void {
    this.#chunks?.push(chunk)
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) {
      this.#linesLeft--
      if (this.#linesLeft === 0) this.#done()
    }
  }
}
