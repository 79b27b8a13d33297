import { isPlugged, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'

/**
 * One vCPU device for as long as it lives. A path alone is not enough: another QEMU at the same address has devices at
 * the same paths, run by other threads of the host.
 */
export interface Device {
  readonly qomPath: string
  /** The host's id of the thread that runs its first vCPU. */
  readonly hostThreadId: number
}

/** The device in a slot; `undefined` while the slot is empty. */
export function deviceIn(slot: VcpuSlot | undefined): Device | undefined {
  const vcpu = slot?.vcpus[0]
  if (slot === undefined || !isPlugged(slot) || vcpu === undefined) return undefined
  return { qomPath: slot.qomPath, hostThreadId: vcpu.hostThreadId }
}

export function isSameDevice(one: Device | undefined, other: Device | undefined): boolean {
  return one?.qomPath === other?.qomPath && one?.hostThreadId === other?.hostThreadId
}

/** Do two readings show the same devices in every slot? */
export function sameDevices(one: readonly VcpuSlot[], other: readonly VcpuSlot[]): boolean {
  return one.length === other.length && one.every((slot, at) => isSameDevice(deviceIn(slot), deviceIn(other[at])))
}
