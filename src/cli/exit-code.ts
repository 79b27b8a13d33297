import { InputError } from '../bitmap/errors.ts'
import type { Outcome } from '../bitmap/vcpu-error.ts'
import { ConnectionError, TimeoutError } from '../wire/errors.ts'
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
  if (error instanceof InputError) return EXIT.usage
  if (error instanceof ConnectionError) return EXIT.connection
  if (error instanceof TimeoutError) return EXIT.unknown
  // Interrupted before anything was sent there is nothing unknown about the VM.
  if (error instanceof InterruptedError && outcome !== 'not-sent') return EXIT.unknown
  return EXIT.failed
}
