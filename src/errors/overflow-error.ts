import { VcpuError } from './vcpu-error.ts'

/** An event stream's reader fell behind its bound; the stream has ended, so read the state again. */
export class OverflowError extends VcpuError {
  override readonly name = 'OverflowError'
  declare readonly code: 'ERR_EVENT_OVERFLOW'

  constructor(message: string) {
    super('ERR_EVENT_OVERFLOW', message)
  }
}
