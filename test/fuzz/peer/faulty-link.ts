import type { Duplex } from 'node:stream'
import type { Clock } from '../../../src/wire/clock.ts'
import { own } from '../../../src/wire/message.ts'
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

/** What the peer itself answered to a command. */
export type Answer = 'none' | 'return' | 'error'

/**
 * One connection between a client and an honest peer. All that goes wrong happens in here, so that the peer's own state and
 * record are true.
 */
export class FaultyLink {
  /** Of each command that has reached the peer, by its id: what the peer answered, whatever the client got. */
  readonly answers = new Map<unknown, Answer>()
  readonly #options: FaultyLinkOptions
  readonly #outlet: Outlet
  readonly #commands = new Map<unknown, string>()
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

  #onCommand(line: Buffer): void {
    if (this.#isDeaf) return
    const { link, faults, peer, client } = this.#options
    const asked = readCommand(line)
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
      this.#commands.set(asked.id, asked.command)
      this.answers.set(asked.id, 'none')
    }
    if (peer.writable) peer.write(line)
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
    const id = own(value, 'id')
    // What an agent says to the sentinel: out of its place it would be taken for an answer, and no channel changes the order.
    if (id === undefined && own(value, 'error') !== undefined) return { bytes, value, on: 'nothing' }
    // Its sync is the one command that has no id of its own.
    const on = this.#commands.get(id) ?? 'nothing'
    if (this.answers.has(id)) this.answers.set(id, own(value, 'error') === undefined ? 'return' : 'error')
    return { bytes, value, on }
  }
}
