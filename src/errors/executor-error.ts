import { quote } from './quote.ts'
import { VcpuError, type Outcome } from './vcpu-error.ts'

/** An executor, or an `onStep`, of the caller's own failed with an error that is not one of this package's; it is the `cause`. */
export class ExecutorError extends VcpuError {
  override readonly name = 'ExecutorError'
  declare readonly code: 'ERR_EXECUTOR'

  /** @param what - what failed, in words */
  constructor(cause: unknown, outcome: Outcome | undefined, what = 'the executor') {
    super('ERR_EXECUTOR', `${what} failed: ${quote(cause instanceof Error ? cause.message : cause)}`, {
      cause,
      outcome,
    })
  }
}
