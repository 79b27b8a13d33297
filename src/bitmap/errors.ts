import { VcpuError } from './vcpu-error.ts'

/**
 * An argument that no VM could satisfy: the message names the input and the valid range. Nothing was sent.
 */
export class InputError extends VcpuError {
  override readonly name = 'InputError'

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, outcome: 'not-sent' })
  }
}

/**
 * Two replies, or a reply and QEMU's own arithmetic, contradict each other; the message names both sides. Reading
 * again helps when the VM changed between two queries; if it does not, the peer (or this package) is wrong, and guessing
 * would name the wrong CPU.
 */
export class ContradictionError extends VcpuError {
  override readonly name = 'ContradictionError'

  constructor(message: string, options: ErrorOptions = {}) {
    super('ERR_CONTRADICTION', message, options)
  }
}
