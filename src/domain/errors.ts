import type { CpuMap } from '../bitmap/set/cpu-map.ts'
import { VcpuError, type VcpuErrorOptions } from '../errors/vcpu-error.ts'

/**
 * Why a change was refused before anything was sent:
 *
 * - `ERR_NO_SUCH_VCPU`: the machine has no slot, or the guest no CPU, with that id;
 * - `ERR_PART_OF_SLOT`: it is one thread of a larger slot; ask for the whole slot;
 * - `ERR_NOT_OFFLINABLE`: QEMU or the guest would not let it go (boot CPU, machine that never unplugs);
 * - `ERR_NOT_ONLINABLE`: the guest cannot turn it on;
 * - `ERR_NO_X2APIC`: its APIC id is past 254, and the CPU model has no x2APIC;
 * - `ERR_NO_HOTPLUG`: the machine type has no vCPU hotplug;
 * - `ERR_REMOVAL_PENDING`: its removal was requested and the guest has not answered yet;
 * - `ERR_UNSURE`: which CPU of the guest it is, is not known well enough to touch one.
 */
export type RefusalCode =
  | 'ERR_NO_SUCH_VCPU'
  | 'ERR_PART_OF_SLOT'
  | 'ERR_NOT_OFFLINABLE'
  | 'ERR_NOT_ONLINABLE'
  | 'ERR_NO_HOTPLUG'
  | 'ERR_NO_X2APIC'
  | 'ERR_REMOVAL_PENDING'
  | 'ERR_UNSURE'
  | 'ERR_LAYOUT'

/** The VM's state or machine type forbids the change. Nothing was sent; the state is what it was. */
export class RefusedError extends VcpuError {
  override readonly name = 'RefusedError'
  declare readonly code: RefusalCode
  /** The id asked for. */
  readonly id: number
  /** The ids of its slot, where it has one. */
  readonly slot: CpuMap | undefined

  constructor(code: RefusalCode, message: string, id: number, slot?: CpuMap) {
    super(code, message, { outcome: 'not-sent' })
    this.id = id
    this.slot = slot
  }
}

/** The guest refused an unplug; the vCPU is still plugged. {@link GuestRefusedError.reason} is the guest's, in words. */
export class GuestRefusedError extends VcpuError {
  override readonly name = 'GuestRefusedError'
  declare readonly code: 'ERR_GUEST_REFUSED'
  readonly slot: CpuMap
  readonly reason: string

  constructor(slot: CpuMap, reason: string) {
    super('ERR_GUEST_REFUSED', `the guest refused the unplug of vCPU ${String(slot)}: ${reason}`, {
      outcome: 'rejected',
    })
    this.slot = slot
    this.reason = reason
  }
}

/** The peer said yes, and its own state says otherwise. */
export class NotConfirmedError extends VcpuError {
  override readonly name = 'NotConfirmedError'
  declare readonly code: 'ERR_NOT_CONFIRMED'

  constructor(message: string, options: VcpuErrorOptions = {}) {
    super('ERR_NOT_CONFIRMED', message, { outcome: 'unknown', ...options })
  }
}
