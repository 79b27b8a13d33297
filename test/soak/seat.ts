import type { Clock } from '../../src/index.ts'
import type { Random } from '../../src/testing/index.ts'
import type { Tally } from './tally.ts'

/** What a seat is given. */
export interface SeatContext {
  readonly clock: Clock
  readonly tally: Tally
  readonly random: Random
  /** Aborts when the run ends early: calls are given up, and judged no longer. */
  readonly stop: AbortSignal
}

/** One VM of a run and the client on it. */
export interface Seat {
  readonly name: string
  /** The mean pause between two steps, in milliseconds. */
  readonly paceMs: number
  /** One operation, with what happens to it, and the look whether all of it is true. */
  step(): Promise<void>
  /** Listeners at what outlives a call: signals and connections. */
  listeners(): number
  close(): Promise<void>
}
