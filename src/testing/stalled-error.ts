import { VcpuError } from '../errors/vcpu-error.ts'

/** Time cannot go on (`ERR_STALLED`): nothing is left that could settle what is waited for, or it never gets there. */
export class StalledError extends VcpuError {
  override readonly name = 'StalledError'
  declare readonly code: 'ERR_STALLED'

  constructor(message: string) {
    super('ERR_STALLED', message)
  }
}
