import {
  ConnectionError,
  GuestChangeError,
  GuestScaleError,
  InputError,
  ScaleError,
  TimeoutError,
  VcpuError,
  type Outcome,
} from '../index.ts'
import { InterruptedError } from './errors.ts'

/** How the command ends. */
export const EXIT = {
  done: 0,
  /** Refused or failed. */
  failed: 1,
  /** Wrong usage; nothing was sent. */
  usage: 2,
  /** No connection, or no longer. */
  connection: 3,
  /** Time ran out, or the command was interrupted in the middle of a change: the result is unknown. */
  unknown: 4,
} as const

/** The exit code for what a verb failed with. */
export function exitCodeOf(error: unknown, outcome: Outcome): number {
  const root = rootOf(error, outcome)
  if (root instanceof InputError) return EXIT.usage
  if (root instanceof ConnectionError) return EXIT.connection
  if (root instanceof TimeoutError) return EXIT.unknown
  // Interrupted before anything was sent there is nothing unknown about the VM.
  if (root instanceof InterruptedError && outcome !== 'not-sent') return EXIT.unknown
  return EXIT.failed
}

/** Why a change broke off half-way counts as if it had broken off right away, unless it was undone. */
function rootOf(error: unknown, outcome: Outcome | undefined): unknown {
  const isHalfWay = error instanceof GuestChangeError || error instanceof ScaleError || error instanceof GuestScaleError
  if (!isHalfWay || error.cause === undefined || outcome === 'rejected') return error
  const { cause } = error
  return rootOf(cause, cause instanceof VcpuError ? cause.outcome : undefined)
}
