import { VcpuError } from './vcpu-error.ts'

/** Which limit a {@link LimitError} is about. */
export type LimitErrorCode = 'ERR_TOO_MANY_PENDING' | 'ERR_TOO_MUCH_UNSENT'

/** A command that was not sent, since too much is under way already: `outcome` is `not-sent`. Wait, then send it again. */
export class LimitError extends VcpuError {
  override readonly name = 'LimitError'
  declare readonly code: LimitErrorCode

  constructor(code: LimitErrorCode, message: string) {
    super(code, message, { outcome: 'not-sent' })
  }
}
