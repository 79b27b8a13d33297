import fc from 'fast-check'
import { plans, type Plan } from '../plan/plan.ts'
import { ProcessWatch } from './process-watch.ts'
import { runPlan } from './subjects.ts'
import { Table } from './table.ts'
import type { Verdict } from './verdict.ts'

/** How many plans are tried for a smaller one that fails too. */
const MOST_SHRINKS = 400

/** One batch of plans, drawn from a seed. */
export interface Batch {
  readonly subject: Plan['subject']
  readonly seed: number
  readonly plans: number
  /** Of one that failed before: only that one is run. */
  readonly path?: string | undefined
}

/** A plan that showed something wrong, as small as it could be made, and how to run it again. */
export interface Failure {
  readonly subject: Plan['subject']
  readonly seed: number
  readonly path: string
  readonly plan: Plan
  readonly faults: readonly string[]
}

/** Runs batches of plans, and counts what they did. */
export class Campaign {
  readonly table = new Table()
  /** The plan that took most of this process's time: a hint at what is expensive. */
  slowest: { readonly cpuMs: number; readonly plan: Plan } | undefined
  readonly #watch = new ProcessWatch()
  readonly #run: (plan: Plan) => Promise<Verdict>

  /** @param run - carries out a plan; in tests of the harness another than the usual */
  constructor(run: (plan: Plan) => Promise<Verdict> = runPlan) {
    this.#run = run
  }

  /** Run a batch until it ends or a plan fails, which is then made smaller. */
  async run({ subject, seed, plans: numRuns, path }: Batch): Promise<Failure | undefined> {
    let failure: { readonly plan: Plan; readonly faults: readonly string[] } | undefined
    let shrinks = 0
    const property = fc.asyncProperty(plans[subject], async (plan) => {
      if (failure !== undefined && ++shrinks > MOST_SHRINKS) return
      const faults = await this.#faultsOf(plan, failure === undefined)
      if (faults.length === 0) return
      failure = { plan, faults }
      throw new Error(faults.join('\n'))
    })
    // The pauses between dials are drawn from it; the same plan is to be the same.
    const { random } = Math
    Math.random = () => 0.5
    try {
      const options = path === undefined ? { numRuns } : { path, endOnFailure: true }
      const { failed, counterexamplePath } = await fc.check(property, { seed, ...options })
      if (!failed || failure === undefined) return undefined
      return { subject, seed, path: counterexamplePath ?? '', ...failure }
    } finally {
      Math.random = random
    }
  }

  /** Listen no longer. */
  end(): void {
    this.#watch.end()
  }

  async #faultsOf(plan: Plan, counts: boolean): Promise<readonly string[]> {
    const before = process.cpuUsage()
    const { tallies, faults } = await this.#run(plan)
    const { user, system } = process.cpuUsage(before)
    const cpuMs = (user + system) / 1_000
    if (cpuMs > (this.slowest?.cpuMs ?? 0)) this.slowest = { cpuMs, plan }
    // A rejection counts as unhandled once the promises of its tick have run.
    await new Promise((resolve) => setImmediate(resolve))
    if (counts) this.table.add(tallies)
    return [...faults, ...this.#watch.take()]
  }
}
