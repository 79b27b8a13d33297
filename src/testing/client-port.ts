import type { Duplex } from 'node:stream'
import { parseSocketAddress } from '../wire/target.ts'
import { listen, type SocketListener } from '../wire/listen.ts'
import type { SocketAddress } from '../wire/socket.ts'
import { memoryPair } from '../wire/memory-duplex.ts'

/** The client that a port serves now. */
export interface PortClient {
  /** Send it bytes; nothing happens once it has left. */
  write(bytes: string | Uint8Array): void
  /** End its connection, after what was written. */
  end(): void
}

/** What a port tells its owner. */
export interface PortOwner {
  readonly onOpen: (client: PortClient) => void
  readonly onBytes: (client: PortClient, bytes: Uint8Array) => void
  readonly onGone: (client: PortClient) => void
}

/**
 * The server's side of a QEMU character device: it serves one client at a time; a second connection succeeds and hears
 * nothing until the first has left (docs/wire-notes.md).
 */
export class ClientPort {
  readonly #owner: PortOwner
  readonly #listeners = new Set<SocketListener>()
  #waiting: Duplex[] = []
  #current: PortClient | undefined
  #closed = false

  constructor(owner: PortOwner) {
    this.#owner = owner
  }

  /** The client served now. */
  get client(): PortClient | undefined {
    return this.#current
  }

  /** A connection inside this process: the client's end. */
  connect(): Duplex {
    const [client, server] = memoryPair()
    this.#accept(server)
    return client
  }

  /** Take connections on a socket. */
  async listen(address: SocketAddress): Promise<SocketListener> {
    const listener = await listen(parseSocketAddress(address), (duplex) => {
      this.#accept(duplex)
    })
    this.#listeners.add(listener)
    return listener
  }

  /** End the connection of the client served now; the next one gets its turn. */
  drop(): void {
    this.#current?.end()
  }

  /** End every connection and take no more. */
  async close(): Promise<void> {
    this.#closed = true
    for (const duplex of this.#waiting.splice(0)) duplex.end()
    this.drop()
    await Promise.all([...this.#listeners].map((listener) => listener.close()))
  }

  #accept(duplex: Duplex): void {
    // A client that breaks off is a client that left; 'close' follows.
    duplex.on('error', () => undefined)
    if (this.#closed) {
      duplex.end()
      return
    }
    this.#waiting.push(duplex)
    this.#serveNext()
  }

  #serveNext(): void {
    if (this.#current !== undefined) return
    const duplex = this.#waiting.shift()
    if (duplex === undefined) return
    let open = true
    const leave = (): void => {
      if (!open) return
      open = false
      this.#current = undefined
      this.#owner.onGone(client)
      this.#serveNext()
    }
    const client: PortClient = {
      write: (bytes) => {
        if (open) duplex.write(bytes)
      },
      end: () => {
        if (open) duplex.end()
        leave()
      },
    }
    this.#current = client
    duplex.on('data', (bytes: Uint8Array) => {
      if (open) this.#owner.onBytes(client, bytes)
    })
    duplex.on('end', leave)
    duplex.on('close', leave)
    this.#owner.onOpen(client)
  }
}
