import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { Domain, type DomainEvent } from '../../../src/index.ts'
import { WireLog } from './wire-log.ts'

/** How a controller reaches the VM. */
export interface Reach {
  readonly name: 'A' | 'B'
  readonly qmp: string
  readonly qga: string
  readonly reconnect: 'on-demand' | 'eager'
  /** Cuts the monitor's connection where something stands between; its own end is cut unless given. */
  readonly cut?: (() => void) | undefined
}

interface Line {
  socket: Socket | undefined
  readonly cut: (() => void) | undefined
}

/** One Domain, its wire as it was seen go by, and a monitor connection that can be cut. */
export class Controller {
  readonly name: 'A' | 'B'
  readonly domain: Domain
  readonly log: WireLog
  readonly #line: Line
  readonly #plugged = new Set<number>()
  #isInGap = true
  readonly #reading: Promise<void>

  private constructor(name: 'A' | 'B', domain: Domain, log: WireLog, line: Line) {
    this.name = name
    this.domain = domain
    this.log = log
    this.#line = line
    this.#reading = this.#follow()
  }

  static async connect(reach: Reach, indexOf: (target: string) => number | undefined): Promise<Controller> {
    const log = new WireLog(indexOf)
    const line: Line = { socket: undefined, cut: reach.cut }
    const dial = async (): Promise<Socket> => {
      const socket = connect(reach.qmp)
      await once(socket, 'connect')
      log.beginConnection()
      line.socket = socket
      return socket
    }
    const { name, qga, reconnect } = reach
    return new Controller(name, await Domain.connect({ name, qmp: dial, qga, reconnect, trace: log.trace }), log, line)
  }

  /** Cut the monitor's connection, as a proxy between the two would that dies. */
  cut(): void {
    if (this.#line.cut !== undefined) this.#line.cut()
    else this.#line.socket?.destroy()
  }

  /** The vCPUs that are plugged by what `changes()` has reported; `undefined` since it has reported a gap. */
  async reported(): Promise<readonly number[] | undefined> {
    // What is in the stream reaches its reader a turn later.
    await turn()
    await turn()
    return this.#isInGap ? undefined : [...this.#plugged].sort((a, b) => a - b)
  }

  /** After a gap the maps are read, which is what `gap` asks for. */
  resume(plugged: Iterable<number>): void {
    if (!this.#isInGap) return
    this.#plugged.clear()
    for (const id of plugged) this.#plugged.add(id)
    this.#isInGap = false
  }

  async close(): Promise<void> {
    await this.domain.close()
    await this.#reading
  }

  async #follow(): Promise<void> {
    for await (const event of this.domain.changes()) this.#take(event)
  }

  #take(event: DomainEvent): void {
    switch (event.type) {
      case 'plugged':
        for (const id of event.ids) this.#plugged.add(id)
        break
      case 'unplugged':
        for (const id of event.ids) this.#plugged.delete(id)
        break
      case 'gap':
        this.#isInGap = true
        break
      default:
    }
  }
}
