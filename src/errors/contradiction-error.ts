import { VcpuError } from './vcpu-error.ts'

/**
 * Two replies, or a reply and QEMU's own arithmetic, contradict each other; the message names both sides. Reading
 * again helps when the VM changed between two queries; if it does not, the peer (or this package) is wrong, and guessing
 * would name the wrong CPU.
 */
export class ContradictionError extends VcpuError {
  override readonly name = 'ContradictionError'
  declare readonly code: 'ERR_CONTRADICTION'

  constructor(message: string, options: ErrorOptions = {}) {
    super('ERR_CONTRADICTION', message, options)
  }
}
