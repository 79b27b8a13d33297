import type { Duplex } from 'node:stream'
import type { Clock } from '../../../src/wire/clock.ts'
import { own, type WireMessage } from '../../../src/wire/message.ts'
import type { LinkFault } from '../plan/fault.ts'
import { actsOf } from './acts-of.ts'
import type { FaultBook } from './fault-book.ts'
import { Lines, readCommand, readLine, type PeerMessage } from './message.ts'
import { Outlet } from './outlet.ts'

/** What a {@link FaultyLink} stands between, and what goes wrong on it. */
export interface FaultyLinkOptions {
  readonly link: LinkFault['link']
  /** The end that the client does not have. */
  readonly client: Duplex
  /** The client's end of a connection to the honest peer. */
  readonly peer: Duplex
  readonly faults: FaultBook
  readonly clock: Clock
}

/** A command on its way through the link. */
interface AskedLine {
  readonly command: string
  readonly id: unknown
  /** The number of its line on this connection. */
  readonly line: number
}

/** What the peer itself answered to a command. */
export type Answer = 'none' | 'return' | 'error'

/**
 * One connection between a client and an honest peer. All that goes wrong happens in here, so that the peer's own state and
 * record are true.
 */
export class FaultyLink {
  /** Of each command that has reached the peer, by the number of its line: what the peer answered, whatever the client got. */
  readonly answers = new Map<number, Answer>()
  readonly #options: FaultyLinkOptions
  readonly #outlet: Outlet
  /** Those that the peer has not answered. */
  readonly #asked: AskedLine[] = []
  #lines = 0
  #isDeaf = false

  constructor(options: FaultyLinkOptions) {
    this.#options = options
    const { client, peer, clock } = options
    this.#outlet = new Outlet(client, clock)
    const sent = new Lines()
    const received = new Lines()
    client.on('data', (piece: Buffer) => {
      for (const line of sent.push(piece)) this.#onCommand(line)
    })
    peer.on('data', (piece: Buffer) => {
      for (const line of received.push(piece)) this.#onMessage(line)
    })
    const leave = (): void => {
      this.close()
    }
    client.on('end', leave)
    client.on('close', leave)
    peer.on('end', () => {
      this.#outlet.add({ do: 'end' })
    })
    for (const side of [client, peer]) side.on('error', () => undefined)
  }

  /** Both sides end. */
  close(): void {
    this.#outlet.close()
    this.#options.client.destroy()
    this.#options.peer.destroy()
  }

  #onCommand(bytes: Buffer): void {
    const line = ++this.#lines
    if (this.#isDeaf) return
    const { link, faults, peer, client } = this.#options
    const asked = readCommand(bytes)
    const mishap = asked === undefined ? undefined : faults.strikeCommand(link, asked.command)
    if (mishap?.kind === 'deaf') {
      this.#isDeaf = true
      return
    }
    if (mishap?.kind === 'cut-off') {
      this.#isDeaf = true
      client.end()
      return
    }
    if (asked !== undefined) {
      this.#asked.push({ ...asked, line })
      this.answers.set(line, 'none')
    }
    if (peer.writable) peer.write(bytes)
  }

  #onMessage(bytes: Buffer): void {
    const { link, faults } = this.#options
    const message = this.#read(bytes)
    const mishap = message.on === 'nothing' ? undefined : faults.strikeMessage(link, message.on)
    if (mishap === undefined) this.#outlet.add({ do: 'write', bytes })
    else this.#outlet.add(...actsOf(message, mishap))
  }

  #read(bytes: Buffer): PeerMessage {
    const value = readLine(bytes)
    if (value === undefined) return { bytes, value, on: 'nothing' }
    if (own(value, 'QMP') !== undefined) return { bytes, value, on: 'greeting' }
    if (own(value, 'event') !== undefined) return { bytes, value, on: 'event' }
    const asked = this.#answeredBy(value)
    if (asked === undefined) return { bytes, value, on: 'nothing' }
    this.answers.set(asked.line, own(value, 'error') === undefined ? 'return' : 'error')
    return { bytes, value, on: asked.command }
  }

  /** The command that a message answers: without an id, the oldest one that has none. */
  #answeredBy(message: WireMessage): AskedLine | undefined {
    const id = own(message, 'id')
    // What an agent says to the sentinel: out of its place it would be taken for an answer, and no channel changes the order.
    if (id === undefined && this.#options.link === 'qga' && own(message, 'error') !== undefined) return undefined
    const at = this.#asked.findIndex((asked) => asked.id === id)
    return at === -1 ? undefined : this.#asked.splice(at, 1)[0]
  }
}
