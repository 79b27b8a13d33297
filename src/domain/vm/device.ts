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

/** Does the slot hold that device? */
export function holdsDevice(slot: VcpuSlot | undefined, device: Device): boolean {
  const vcpu = slot?.vcpus[0]
  return vcpu !== undefined && slot?.qomPath === device.qomPath && vcpu.hostThreadId === device.hostThreadId
}

/** Do two readings show the same in a slot: the same device, or none? */
export function holdTheSame(one: VcpuSlot | undefined, other: VcpuSlot | undefined): boolean {
  const was = one?.vcpus[0]
  const is = other?.vcpus[0]
  if (was === undefined || is === undefined) return was === is
  return one?.qomPath === other?.qomPath && was.hostThreadId === is.hostThreadId
}

/** Do two readings show the same devices in every slot? */
export function sameDevices(one: readonly VcpuSlot[], other: readonly VcpuSlot[]): boolean {
  return one.length === other.length && one.every((slot, at) => holdTheSame(slot, other[at]))
}
