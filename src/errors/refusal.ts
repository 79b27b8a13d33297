import { CommandError } from './peer-errors.ts'
import { VcpuError } from './vcpu-error.ts'

/** Did the peer refuse, for certain? An error without an id may be about another command. */
export function isRefusal(error: unknown): error is CommandError {
  return error instanceof CommandError && error.outcome !== 'unknown'
}

/** Did the command certainly not leave this process, by the executor's own error? */
export function isUnsent(error: unknown): error is VcpuError {
  return error instanceof VcpuError && error.outcome === 'not-sent'
}

/**
 * A refusal is an answer too, where the caller allows it: for `catch`. Every other error goes on.
 *
 * @param answer - what the refusal stands for
 */
export function onRefusal<T>(answer: (refusal: CommandError) => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof CommandError) return answer(error)
    throw error
  }
}
