import type { Outcome } from '../../../src/index.ts'
import type { Sent } from './wire.ts'

/** What a call may take, for each of its bounds. */
export const TIMEOUT_MS = 5_000

/** How a call ended. */
export interface Ended {
  /** `failed`: a reading, which changes nothing. */
  readonly outcome: Outcome | 'done' | 'failed'
  readonly value: unknown
  readonly error: unknown
  readonly tookMs: number
  /** Since the fault struck; `undefined` where it struck after the call. */
  readonly sinceStrikeMs: number | undefined
  /** What it was to bring about was so at some moment. */
  readonly sawWanted: boolean
  readonly sent: readonly Sent[]
}
