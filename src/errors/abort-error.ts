import { VcpuError, type Outcome } from './vcpu-error.ts'

/**
 * A change was aborted by its caller's signal, whose reason is the `cause`. `outcome` says what had become of the change
 * by then; what was sent may still happen.
 */
export class AbortError extends VcpuError {
  override readonly name = 'AbortError'
  declare readonly code: 'ERR_ABORTED'

  constructor(message: string, outcome: Outcome, reason: unknown) {
    super('ERR_ABORTED', message, { outcome, cause: reason })
  }
}
