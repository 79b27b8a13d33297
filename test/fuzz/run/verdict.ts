import type { Mishap } from '../plan/fault.ts'

/** One exchange of a plan, as the table counts it. */
export interface Tally {
  readonly operation: string
  /** `done`, the code of its error, or `aborted`. */
  readonly ending: string
  /** What had gone wrong in the plan by its end. */
  readonly mishaps: readonly Mishap['kind'][]
  /** Had a peer said what is not so? Then what the subject says of its VM was not held against it. */
  readonly isLiedTo: boolean
}

/** What became of one plan. */
export interface Verdict {
  readonly tallies: readonly Tally[]
  /** Everything that was wrong; empty where nothing was. */
  readonly faults: readonly string[]
}
