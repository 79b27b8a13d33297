import { Bench } from 'tinybench'

/** How to measure. */
export interface MeasureOptions {
  /** For each task in each round, at least, in milliseconds. */
  readonly timeMs?: number
  /** How many calls one sample holds: many, for what takes less than the clock can see. */
  readonly callsPerSample?: number
}

const ROUNDS = 5
const DEFAULT_TIME_MS = 400
const LEAST_SAMPLES = 10

/**
 * Measure tasks in turns: what else the machine does meets all of them alike, and their ratio holds.
 *
 * @returns of each task the time of one call in microseconds: the lowest of the rounds' medians
 * @throws what a task throws
 */
export async function measure<Name extends string>(
  tasks: Readonly<Record<Name, () => unknown>>,
  options: MeasureOptions = {},
): Promise<Readonly<Record<Name, number>>> {
  const rounds: Readonly<Record<Name, number>>[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await mediansOf(tasks, options))
  const names = Object.keys(tasks) as Name[]
  return Object.fromEntries(names.map((name) => [name, Math.min(...rounds.map((round) => round[name]))])) as Record<
    Name,
    number
  >
}

async function mediansOf<Name extends string>(
  tasks: Readonly<Record<Name, () => unknown>>,
  { timeMs = DEFAULT_TIME_MS, callsPerSample = 1 }: MeasureOptions,
): Promise<Readonly<Record<Name, number>>> {
  const bench = new Bench({ time: timeMs, iterations: LEAST_SAMPLES, warmupTime: timeMs / 4, throws: true })
  const names = Object.keys(tasks) as Name[]
  for (const name of names) bench.add(name, tasks[name])
  await bench.run()
  const medians = names.map((name) => {
    const result = bench.getTask(name)?.result
    if (result?.state !== 'completed') throw new Error(`${name} was not measured`)
    return [name, (result.latency.p50 * 1_000) / callsPerSample] as const
  })
  return Object.fromEntries(medians) as Record<Name, number>
}
