import type { Comparison } from './compare.ts'
import type { Setup } from './setup/setup.ts'

/** One question of the bench: a section of the page, and `npm run bench -- --row NAME`. */
export interface Row {
  readonly name: string
  readonly title: string
  /** How it was measured and what counts as 1, for people. */
  readonly text: string
  /** By a profile: what the time or the memory above 1 is spent on. By hand, with what it was read from. */
  readonly spent?: string
  readonly run: (setup: Setup) => Promise<readonly Comparison[]>
}
