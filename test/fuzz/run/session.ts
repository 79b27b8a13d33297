// Virtual time does not wait for files: what a Domain loads when it is needed is loaded before.
import '../../../src/domain/doctor/run-checks.ts'
import { VcpuError } from '../../../src/index.ts'
import { StalledError } from '../../../src/testing/index.ts'
import { faultOfLeftovers } from '../invariants/leftovers.ts'
import type { Ground } from '../plan/plan.ts'
import { Actor } from '../subject/actor.ts'
import { Arena } from '../subject/arena.ts'
import type { Exchange } from '../subject/exchange.ts'
import type { Tally, Verdict } from './verdict.ts'

/** How far beyond its own bound an exchange is waited for, in virtual milliseconds. */
const PATIENCE_MS = 60_000
/** Commands that the subject of a plan may send, whatever its peers do: some six times the most that was seen. */
const MOST_LINES = 3_000

/** One plan being carried out in memory and virtual time. */
export class Session {
  readonly arena: Arena
  readonly actor: Actor
  readonly #tallies: Tally[] = []

  constructor(ground: Ground) {
    this.arena = new Arena(ground)
    this.actor = new Actor(this.arena)
    this.actor.onEnd = (exchange) => {
      this.#tallies.push({
        operation: exchange.name,
        ending: endingOf(exchange),
        mishaps: [...this.arena.faults.struck],
        isLiedTo: this.arena.faults.hasLied,
      })
    }
  }

  /** Something is wrong. */
  fault(what: string | undefined): void {
    if (what !== undefined) this.actor.faults.push(what)
  }

  /** Let time pass until an exchange has ended. */
  async wait(exchange: Exchange): Promise<void> {
    try {
      await this.arena.clock.run(exchange.over, { limitMs: exchange.mostMs + PATIENCE_MS })
    } catch (error) {
      if (!(error instanceof StalledError)) throw error
      this.fault(`${exchange.name} does not settle: ${error.message}`)
    }
  }

  /** Let time pass until all have ended. */
  async waitForAll(): Promise<void> {
    for (const exchange of this.actor.open) await this.wait(exchange)
  }

  /** The subject is closed: what is left, and what was wrong in all. */
  async end(): Promise<Verdict> {
    const { arena, actor } = this
    await this.waitForAll()
    await arena.pass(0)
    this.fault(faultOfLeftovers(actor, arena.ends))
    if (actor.lines > MOST_LINES) this.fault(`${actor.lines} commands were sent in ${arena.clock.now()} ms`)
    arena.end()
    await arena.pass(0)
    return { tallies: this.#tallies, faults: actor.faults }
  }
}

/** How an exchange ended, for the table. */
export function endingOf({ end, controller }: Exchange): string {
  if (end === undefined) return 'open'
  if (end.state === 'done') return 'done'
  const { error } = end
  if (controller.signal.aborted && error === controller.signal.reason) return 'aborted'
  return error instanceof VcpuError ? error.code : String(error)
}
