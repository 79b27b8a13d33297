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
/** The same for each second of a long one: events cause 20 readings (docs/limits.md), of eight commands at most. */
const MOST_LINES_A_SECOND = 20 * 8
/** Turns of the event loop until something is loaded; a thousand were enough on a busy machine. */
const MOST_TURNS = 100_000

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

  /**
   * Wait until a run of the command dials. What its verb is carried out by is loaded again: from memory, but in time that is
   * not virtual.
   *
   * @param linksBefore - connections that were made before the run
   */
  loading(exchange: Exchange, linksBefore = 0): Promise<void> {
    return this.#turns(() => exchange.end !== undefined || this.arena.ends.length > linksBefore)
  }

  /** Let time pass until an exchange has ended. */
  async wait(exchange: Exchange): Promise<void> {
    const limitMs = exchange.mostMs + PATIENCE_MS
    const { clock } = this.arena
    let stalled = await this.#run(exchange, limitMs)
    if (stalled !== undefined && clock.pending === 0) {
      // It may be loading what it needs, as `doctor` does.
      await this.#turns(() => exchange.end !== undefined || clock.pending > 0)
      stalled = await this.#run(exchange, limitMs)
    }
    if (stalled !== undefined) this.fault(`${exchange.name} does not settle: ${stalled.message}`)
  }

  async #run({ over }: Exchange, limitMs: number): Promise<StalledError | undefined> {
    try {
      await this.arena.clock.run(over, { limitMs })
      return undefined
    } catch (error) {
      if (error instanceof StalledError) return error
      throw error
    }
  }

  /** Turns of the loop, until something is so. */
  async #turns(isSo: () => boolean): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS && !isSo(); turn++) await new Promise((resolve) => setImmediate(resolve))
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
    const nowMs = arena.clock.now()
    if (actor.lines > Math.max(MOST_LINES, (nowMs / 1_000) * MOST_LINES_A_SECOND))
      this.fault(`${actor.lines} commands were sent in ${nowMs} ms`)
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
