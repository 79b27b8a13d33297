import { VcpuError, type VcpuErrorOptions } from '../../errors/vcpu-error.ts'
import type { ChangeStep, ChangeStepName } from '../results.ts'

/** What the guest's part of a change failed with, and what had been done by then. */
export interface GuestChangeFailure extends VcpuErrorOptions {
  readonly code: string
  /** The step that failed. */
  readonly failedStep: ChangeStepName
  /** Those before it, and the undoing after it. */
  readonly steps: readonly ChangeStep[]
}

/**
 * A change that was to be carried through into the guest failed in the guest's part, after something had been done. The
 * message says what failed, what the state is now, and how to undo it. `code` is that of the `cause`, or:
 *
 * - `ERR_GUEST_REJECTED`: the guest answered that it cannot take the vCPU;
 * - `ERR_GUEST_NOT_LISTED`: the guest said yes, and the vCPU never appeared in it;
 * - `ERR_UNSURE`: it appeared beside others, and which of them it is, is not known.
 */
export class GuestChangeError extends VcpuError {
  override readonly name = 'GuestChangeError'
  readonly failedStep: ChangeStepName
  readonly steps: readonly ChangeStep[]

  constructor(message: string, failure: GuestChangeFailure) {
    super(failure.code, message, failure)
    this.failedStep = failure.failedStep
    this.steps = failure.steps
  }
}
