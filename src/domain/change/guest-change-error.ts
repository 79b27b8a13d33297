import type { InputErrorCode, SimulationInputCode } from '../../errors/input-error.ts'
import type { LimitErrorCode } from '../../errors/limit-error.ts'
import type { ConnectionErrorCode, ProtocolErrorCode } from '../../errors/peer-errors.ts'
import { VcpuError, type VcpuErrorOptions } from '../../errors/vcpu-error.ts'
import type { RefusalCode } from '../errors.ts'
import type { ChangeStep, ChangeStepName } from '../results.ts'

/** Every code of a {@link GuestChangeError}: the guest's part's own, and those of the errors that can be its cause. */
export type GuestChangeCode =
  | RefusalCode
  | ConnectionErrorCode
  | ProtocolErrorCode
  | LimitErrorCode
  | Exclude<InputErrorCode, SimulationInputCode>
  | 'ERR_GUEST_REJECTED'
  | 'ERR_GUEST_NOT_LISTED'
  | 'ERR_UNSURE'
  | 'ERR_COMMAND'
  | 'ERR_CONTRADICTION'
  | 'ERR_EXECUTOR'
  | 'ERR_GUEST_REFUSED'
  | 'ERR_NOT_CONFIRMED'
  | 'ERR_PARTIAL'
  | 'ERR_TIMEOUT'

/** All of them, as the compiler checks. */
const CODES: Readonly<Record<GuestChangeCode, true>> = {
  ERR_ADDRESS: true,
  ERR_ARGUMENTS: true,
  ERR_CLOSED: true,
  ERR_COMMAND: true,
  ERR_CONFIDENCE: true,
  ERR_CONNECT: true,
  ERR_CONNECTION_LOST: true,
  ERR_CONTRADICTION: true,
  ERR_COUNT: true,
  ERR_CPU_BYTES: true,
  ERR_CPU_ID: true,
  ERR_CPU_LIST: true,
  ERR_CPU_MAP: true,
  ERR_DEVICE_ID: true,
  ERR_EXECUTOR: true,
  ERR_GUEST_NOT_LISTED: true,
  ERR_GUEST_REFUSED: true,
  ERR_GUEST_REJECTED: true,
  ERR_HEX_MASK: true,
  ERR_LAYOUT: true,
  ERR_LIMIT: true,
  ERR_MAP_KIND: true,
  ERR_MESSAGE_TOO_COMPLEX: true,
  ERR_MESSAGE_TOO_LARGE: true,
  ERR_MESSAGE_TOO_SLOW: true,
  ERR_MONITOR_BUSY: true,
  ERR_MONITOR_HANGS: true,
  ERR_NOT_AGENT: true,
  ERR_NOT_CONFIRMED: true,
  ERR_NOT_OFFLINABLE: true,
  ERR_NOT_ONLINABLE: true,
  ERR_NOT_QMP: true,
  ERR_NO_AGENT: true,
  ERR_NO_AGENT_ANSWER: true,
  ERR_NO_HOTPLUG: true,
  ERR_NO_MONITOR: true,
  ERR_NO_RUNTIME_MONITOR: true,
  ERR_NO_SUCH_VCPU: true,
  ERR_NO_X2APIC: true,
  ERR_OOB: true,
  ERR_PARTIAL: true,
  ERR_PART_OF_SLOT: true,
  ERR_POLICY: true,
  ERR_PROCESS_STOPPED: true,
  ERR_PROTOCOL: true,
  ERR_REMOVAL_PENDING: true,
  ERR_SAME_ADDRESS: true,
  ERR_STATE: true,
  ERR_STREAM: true,
  ERR_TIMEOUT: true,
  ERR_TIMEOUT_RANGE: true,
  ERR_TOO_MANY_PENDING: true,
  ERR_TOO_MANY_VCPUS: true,
  ERR_TOO_MUCH_JUNK: true,
  ERR_TOO_MUCH_UNSENT: true,
  ERR_UNSURE: true,
  ERR_USAGE: true,
}

/** The code of a cause; `ERR_EXECUTOR` where that is an error of the caller's own kind. */
export function guestChangeCodeOf({ code }: VcpuError): GuestChangeCode {
  return isGuestChangeCode(code) ? code : 'ERR_EXECUTOR'
}

function isGuestChangeCode(code: string): code is GuestChangeCode {
  return Object.hasOwn(CODES, code)
}

/** What the guest's part of a change failed with, and what had been done by then. */
export interface GuestChangeFailure extends VcpuErrorOptions {
  readonly code: GuestChangeCode
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
  declare readonly code: GuestChangeCode
  readonly failedStep: ChangeStepName
  readonly steps: readonly ChangeStep[]

  constructor(message: string, failure: GuestChangeFailure) {
    super(failure.code, message, failure)
    this.failedStep = failure.failedStep
    this.steps = failure.steps
  }
}
