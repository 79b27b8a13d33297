import { quote } from './quote.ts'
import { VcpuError, type Outcome } from './vcpu-error.ts'

/** An executor of the caller's own rejected with an error that is not one of this package's; it is the `cause`. */
export class ExecutorError extends VcpuError {
  override readonly name = 'ExecutorError'
  declare readonly code: 'ERR_EXECUTOR'

  constructor(cause: unknown, outcome: Outcome | undefined) {
    super('ERR_EXECUTOR', `the executor failed: ${quote(cause instanceof Error ? cause.message : cause)}`, {
      cause,
      outcome,
    })
  }
}
