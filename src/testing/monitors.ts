import type { Duplex } from 'node:stream'
import type { SocketListener } from '../wire/listen.ts'
import type { SocketAddress } from '../wire/socket.ts'
import { ClientPort, type PortClient } from './client-port.ts'
import { QmpSession, type QmpSessionOptions } from './qmp-session.ts'

/** What the monitors of a QEMU ask of it. */
export interface MonitorsOptions extends QmpSessionOptions {
  /** What the greeting says. */
  readonly version: object
  /** Does the monitor greet? The others always do. */
  readonly greets: boolean
}

/** The monitors of one QEMU: the one that clients share, one at a time, and those that are made for one client each. */
export class Monitors {
  readonly #options: MonitorsOptions
  readonly #shared: ClientPort
  readonly #ports = new Set<ClientPort>()
  readonly #sessions = new Map<PortClient, QmpSession>()

  constructor(options: MonitorsOptions) {
    this.#options = options
    this.#shared = this.#addPort(options.greets)
  }

  /** A connection to the shared monitor. */
  connect(): Duplex {
    return this.#shared.connect()
  }

  /** A connection to a monitor of its own. */
  connectApart(): Duplex {
    return this.#addPort(true).connect()
  }

  /** Serve the shared monitor on a socket too. */
  listen(address: SocketAddress): Promise<SocketListener> {
    return this.#shared.listen(address)
  }

  /** Send an event to every client that has negotiated. */
  publish(message: object): void {
    for (const session of this.#sessions.values()) if (session.ready) session.send(message)
  }

  /** End the connections that are served now. */
  drop(): void {
    for (const port of this.#ports) port.drop()
  }

  /** End every connection and take no more. */
  async close(): Promise<void> {
    await Promise.all([...this.#ports].map((port) => port.close()))
  }

  #addPort(greets: boolean): ClientPort {
    const { version, capabilities } = this.#options
    const port = new ClientPort({
      onOpen: (client) => {
        if (!greets) return
        const session = new QmpSession(client, this.#options)
        this.#sessions.set(client, session)
        session.send({ QMP: { version, capabilities } })
      },
      onBytes: (client, bytes) => {
        this.#sessions.get(client)?.push(bytes)
      },
      onGone: (client) => {
        this.#sessions.get(client)?.close()
        this.#sessions.delete(client)
        // One that was made for this client ends with it.
        if (port !== this.#shared) this.#ports.delete(port)
      },
    })
    this.#ports.add(port)
    return port
  }
}
