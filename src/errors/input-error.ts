import { VcpuError } from './vcpu-error.ts'

/**
 * An argument that no VM could satisfy: the message names the input and the valid range. Nothing was sent.
 */
export class InputError extends VcpuError {
  override readonly name = 'InputError'

  constructor(code: string, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, outcome: 'not-sent' })
    if (new.target === InputError) Object.freeze(this)
  }
}
