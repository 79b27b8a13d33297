import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A UNIX socket between a client and its peer, which can be cut as if the proxy between the two had died. */
export class Relay {
  readonly path: string
  readonly #server: Server
  readonly #ends = new Set<Duplex>()

  private constructor(path: string, dial: () => Duplex) {
    this.path = path
    this.#server = createServer((client) => {
      this.#accept(client, dial)
    })
  }

  /**
   * Listen at `path`.
   *
   * @param dial - connects to the peer, once for each client; what it throws ends that client's connection
   */
  static async listen(path: string, dial: () => Duplex): Promise<Relay> {
    const relay = new Relay(path, dial)
    relay.#server.listen(path)
    await once(relay.#server, 'listening')
    return relay
  }

  /** Every connection ends at once, on both sides; new ones are accepted. */
  cut(): void {
    for (const end of this.#ends) end.destroy()
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.cut()
    await closed
  }

  #accept(client: Socket, dial: () => Duplex): void {
    // A connection that breaks off is one that ends; 'close' follows.
    client.on('error', () => undefined)
    let peer: Duplex
    try {
      peer = dial()
    } catch {
      client.destroy()
      return
    }
    peer.on('error', () => undefined)
    for (const [end, other] of [
      [client, peer],
      [peer, client],
    ] as const) {
      this.#ends.add(end)
      end.once('close', () => {
        this.#ends.delete(end)
        other.destroy()
      })
    }
    client.pipe(peer).pipe(client)
  }
}
