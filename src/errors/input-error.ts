import { VcpuError } from './vcpu-error.ts'

/** Which argument an {@link InputError} is about; docs/errors.md says more of each. */
export type InputErrorCode =
  | 'ERR_USAGE'
  | 'ERR_ADDRESS'
  | 'ERR_SAME_ADDRESS'
  | 'ERR_CPU_ID'
  | 'ERR_CPU_LIST'
  | 'ERR_CPU_MAP'
  | 'ERR_CPU_BYTES'
  | 'ERR_HEX_MASK'
  | 'ERR_STATE'
  | 'ERR_COUNT'
  | 'ERR_POLICY'
  | 'ERR_CONFIDENCE'
  | 'ERR_MAP_KIND'
  | 'ERR_DEVICE_ID'
  | 'ERR_TIMEOUT_RANGE'
  | 'ERR_LIMIT'
  | 'ERR_NO_AGENT'
  | 'ERR_NO_MONITOR'
  | 'ERR_LAYOUT'
  | 'ERR_ARGUMENTS'
  | 'ERR_OOB'
  | 'ERR_STREAM'
  | SimulationInputCode

/** What `qemu-vcpu/testing` may be given wrongly. */
export type SimulationInputCode = 'ERR_CLOCK' | 'ERR_FAULT' | 'ERR_MACHINE' | 'ERR_VCPU'

/**
 * An argument that no VM could satisfy: the message names the input and the valid range. Nothing was sent.
 */
export class InputError extends VcpuError {
  override readonly name = 'InputError'
  declare readonly code: InputErrorCode

  constructor(code: InputErrorCode, message: string, options: ErrorOptions = {}) {
    super(code, message, { ...options, outcome: 'not-sent' })
    if (new.target === InputError) Object.freeze(this)
  }
}
