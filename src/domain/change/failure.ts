import { AbortError } from '../../errors/abort-error.ts'
import { ExecutorError } from '../../errors/executor-error.ts'
import { restate } from '../../errors/restate.ts'
import { VcpuError, type Outcome } from '../../errors/vcpu-error.ts'
import type { Ledger } from './ledger.ts'

/**
 * The error that a change rejects with: made once, from what failed and from the call's own ledger, and frozen.
 *
 * @param what - the change, such as `plug of vCPU 5`
 */
export function failureOf(error: unknown, what: string, ledger: Ledger, signal: AbortSignal | undefined): VcpuError {
  const { outcome } = ledger
  if (error instanceof AbortError) return restate(error, outcome)
  if (signal?.aborted === true && error === signal.reason) {
    return Object.freeze(new AbortError(`${what} was aborted: ${meaningOf(outcome)}`, outcome, error))
  }
  // One that is about several steps has weighed them already.
  if (error instanceof VcpuError) return restate(error, outcome)
  return Object.freeze(new ExecutorError(error, outcome))
}

const meanings: Readonly<Record<Outcome, string>> = {
  'not-sent': 'nothing was sent',
  rejected: 'nothing is changed',
  partial: 'a part of it is done',
  unknown: 'what was sent may still happen',
}

/** What an outcome means, in words. */
export function meaningOf(outcome: Outcome): string {
  return meanings[outcome]
}
