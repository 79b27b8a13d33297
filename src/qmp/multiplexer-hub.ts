import type { Duplex } from 'node:stream'
import type { CheckedLimits } from '../wire/checked-limits.ts'
import { memoryPair } from '../wire/memory-duplex.ts'
import type { QmpClient } from './client.ts'
import type { QmpEvent } from './executor.ts'
import { FairTurns } from './fair-turns.ts'
import { MultiplexerSession } from './multiplexer-session.ts'

/** Commands of all clients that are at QEMU at once: enough that it never waits, few enough that none waits long. */
const MOST_AT_QEMU = 8

/** The clients of a multiplexer, and their turns. */
export class MultiplexerHub {
  readonly #limits: CheckedLimits
  readonly #turns = new FairTurns(MOST_AT_QEMU)
  readonly #sessions = new Set<MultiplexerSession>()

  /** @param limits - of each client */
  constructor(limits: CheckedLimits) {
    this.#limits = limits
  }

  /** How many there are now. */
  get size(): number {
    return this.#sessions.size
  }

  /** A connection in memory: the client's end, which is not served yet, and the other. */
  readonly pair = (): readonly [Duplex, Duplex] => memoryPair()

  /** Serve a client. */
  serve(duplex: Duplex, monitor: QmpClient): void {
    const onClose = (session: MultiplexerSession): void => {
      this.#sessions.delete(session)
    }
    this.#sessions.add(new MultiplexerSession(duplex, { monitor, turns: this.#turns, limits: this.#limits, onClose }))
  }

  /** The monitor had an event. */
  event(event: QmpEvent): void {
    for (const session of this.#sessions) session.event(event)
  }

  /** Hang up on all of them. */
  end(cause: Error): void {
    for (const session of [...this.#sessions]) session.close(cause)
  }
}
