import { readFileSync } from 'node:fs'
import type { Plan } from '../plan/plan.ts'
import { Campaign, type Failure } from './campaign.ts'
import { growthOf, mebibytes, memoryInUse, type Memory } from './memory.ts'
import type { FuzzOptions } from './options.ts'
import { runPlan, SHARES } from './subjects.ts'

/** Plans of one batch, for each share of a subject. */
const PLANS_A_SHARE = 5
/** Exchanges before the memory is measured that the end is compared with: code is compiled, caches are filled. */
const WARM_UP = 3_000
const MOST_GROWTH_BYTES = 64 * 2 ** 20
const PROGRESS_MS = 30_000

/** Where the report goes, a line each time. */
export type Print = (line: string) => void

/**
 * Fuzz until the exchanges or the time asked for are over, or something is wrong, and report.
 *
 * @returns whether nothing was wrong
 */
export async function fuzz(options: FuzzOptions, print: Print): Promise<boolean> {
  const { subjects, seed, path, planFile } = options
  if (planFile !== undefined) return rerun(JSON.parse(readFileSync(planFile, 'utf8')) as Plan, print)
  const campaign = new Campaign()
  const startMs = performance.now()
  const failures: Failure[] = []
  let memory: Memory | undefined
  let isOver = false
  let nextProgressMs = startMs + PROGRESS_MS
  for (let batch = 0; !isOver; batch++) {
    for (const subject of subjects) {
      const batchSeed = path === undefined ? (seed + batch) % 2 ** 31 : seed
      const failure = await campaign.run({ subject, seed: batchSeed, plans: PLANS_A_SHARE * SHARES[subject], path })
      if (failure !== undefined) {
        failures.push(failure)
        print(textOf(failure))
        isOver = !options.keepsGoing
      }
    }
    const { exchanges } = campaign.table
    if (memory === undefined && exchanges >= WARM_UP) memory = await memoryInUse()
    const seconds = (performance.now() - startMs) / 1_000
    if (performance.now() > nextProgressMs) {
      nextProgressMs += PROGRESS_MS
      print(`${exchanges} exchanges, ${Math.round(exchanges / seconds)} a second, ${failures.length} failures`)
    }
    isOver ||= path !== undefined || exchanges >= options.exchanges || seconds / 60 >= options.minutes
  }
  campaign.end()
  return report(campaign, options, (performance.now() - startMs) / 1_000, memory, failures, print)
}

async function report(
  { table, slowest }: Campaign,
  { seed }: FuzzOptions,
  seconds: number,
  before: Memory | undefined,
  failures: readonly Failure[],
  print: Print,
): Promise<boolean> {
  const { exchanges, struck, liedTo } = table
  const after = await memoryInUse()
  const growth = before === undefined ? 0 : growthOf(before, after)
  print(`\n${table.grid()}\n`)
  print(`endings: ${table.endings()}`)
  print(
    `${exchanges} exchanges (${struck} after a fault, ${liedTo} of these after a lie) in ${Math.round(seconds)} s, seed ${seed}`,
  )
  if (slowest !== undefined) {
    print(
      `the plan that took longest, ${Math.round(slowest.cpuMs)} ms of CPU: ${JSON.stringify(slowest.plan).slice(0, 2_000)}`,
    )
  }
  print(
    before === undefined
      ? `memory: too few exchanges to tell`
      : `memory: ${mebibytes(growth)} more than after ${WARM_UP} exchanges; RSS ${mebibytes(before.rss)}, then ${mebibytes(after.rss)}`,
  )
  const isLeaking = growth > MOST_GROWTH_BYTES
  if (isLeaking) print(`the memory has grown by more than ${mebibytes(MOST_GROWTH_BYTES)}`)
  const isGood = failures.length === 0 && !isLeaking
  print(isGood ? 'passed: nothing was wrong' : `FAILED: ${failures.length} plans showed something wrong`)
  return isGood
}

async function rerun(plan: Plan, print: Print): Promise<boolean> {
  const { faults } = await runPlan(plan)
  for (const fault of faults) print(fault)
  print(faults.length === 0 ? 'passed: nothing was wrong' : 'FAILED')
  return faults.length === 0
}

function textOf({ subject, seed, path, plan, faults }: Failure): string {
  return [
    `\n${subject}: ${faults.join('\n  ')}`,
    `plan: ${JSON.stringify(plan)}`,
    `again: npm run fuzz -- --scenario ${subject} --seed ${seed} --path ${path}`,
  ].join('\n')
}
