import { setMaxListeners } from 'node:events'
import type { Clock } from '../../src/index.ts'
import { fenced, NeverSettledError, pause } from './fence.ts'
import type { Gauges } from './gauges.ts'
import type { Seat, SeatContext } from './seat.ts'
import { Tally } from './tally.ts'
import { Random } from '../../src/testing/index.ts'

/** A reading of the process, and when it was taken. */
export interface Sample extends Gauges {
  /** Since the run began. */
  readonly atMs: number
  readonly operations: number
  readonly falses: number
}

/** What a run consists of. */
export interface SoakPlan {
  readonly durationMs: number
  readonly seed: number
  /** Makes each seat; `random` is its own. */
  readonly seats: readonly ((context: SeatContext) => Seat)[]
  readonly clock: Clock
  /** How often the process is read. */
  readonly sampleMs: number
  readonly readGauges: (seatListeners: number) => Promise<Gauges>
  /** Aborts to end the run early. */
  readonly stop: AbortSignal
  /** Called after each step of any seat. */
  readonly onStep?: (() => void) | undefined
  /** Called with each sample. */
  readonly onSample?: ((sample: Sample, tally: Tally) => void) | undefined
}

/** What a run has shown. */
export interface SoakResult {
  readonly tally: Tally
  readonly samples: readonly Sample[]
  readonly elapsedMs: number
  readonly isCutShort: boolean
}

/** A step of a real guest may boot it: minutes on a busy host. */
const STEP_FENCE_MS = 1_800_000

/** Run every seat until the time is over or the run is stopped, and read the process meanwhile. */
export async function soak(plan: SoakPlan): Promise<SoakResult> {
  const { clock, seed, durationMs, stop } = plan
  const tally = new Tally()
  const random = new Random(seed)
  const startMs = clock.now()
  // Ends the pauses between steps, when the time is over or the run is stopped.
  const over = new AbortController()
  // Each seat listens at both, once at a time.
  setMaxListeners(0, over.signal, stop)
  const end = (): void => {
    over.abort()
  }
  const timer = clock.after(durationMs, end)
  stop.addEventListener('abort', end)
  if (stop.aborted) end()
  const seats = plan.seats.map((make, at) => make({ clock, tally, stop, random: random.fork(`seat ${at}`) }))
  const samples: Sample[] = []
  const sample = async (): Promise<void> => {
    const gauges = await plan.readGauges(seats.reduce((sum, seat) => sum + seat.listeners(), 0))
    const { operations, falses } = tally
    const taken = { ...gauges, atMs: clock.now() - startMs, operations, falses }
    samples.push(taken)
    plan.onSample?.(taken, tally)
  }
  const lives = Promise.all(seats.map((seat, at) => live(seat, random.fork(`pace ${at}`), plan, tally, over.signal)))
  for (;;) {
    await pause(clock, plan.sampleMs, over.signal)
    if (over.signal.aborted) break
    await sample()
  }
  timer.cancel()
  stop.removeEventListener('abort', end)
  const elapsedMs = clock.now() - startMs
  await lives
  return { tally, samples, elapsedMs, isCutShort: stop.aborted }
}

/** One step after the other, with pauses between them. */
async function live(seat: Seat, random: Random, plan: SoakPlan, tally: Tally, over: AbortSignal): Promise<void> {
  const { clock, stop } = plan
  // Not all of them at once.
  await pause(clock, random.next() * 2 * seat.paceMs, over)
  while (!over.aborted) {
    await note(seat, clock, tally, stop, 'a step', () => seat.step())
    plan.onStep?.()
    await pause(clock, random.next() * 2 * seat.paceMs, over)
  }
  await note(seat, clock, tally, stop, 'the end', () => seat.close())
}

/** Whatever a seat throws is false: its calls' rejections it judges itself. */
async function note(
  seat: Seat,
  clock: Clock,
  tally: Tally,
  stop: AbortSignal,
  what: string,
  task: () => Promise<void>,
): Promise<void> {
  try {
    const end = await fenced(clock, what, STEP_FENCE_MS, task())
    // A run that is stopped gives up its calls in whatever they are about.
    if (end.state === 'failed' && !stop.aborted) tally.foundFalse(seat.name, `${what} threw ${wordsOf(end.error)}`)
  } catch (error) {
    if (!(error instanceof NeverSettledError)) throw error
    tally.foundFalse(seat.name, error.message)
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ')
    : JSON.stringify(error)
}
