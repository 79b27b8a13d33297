import type { SimulatedQemu } from './simulated-qemu.ts'
import type { DeviceRequest, Moment, SwitchRecord, VmRecord } from './vm-record.ts'

/** A vCPU of a slot, as it really is. */
export interface VcpuTruth {
  /** QEMU's cpu-index. */
  readonly id: number
  /** The host's thread; `undefined` while the slot is empty. */
  readonly threadId: number | undefined
  /** The CPU that it is in the guest, if the guest has one for it. */
  readonly guest: { readonly logicalId: number; readonly online: boolean } | undefined
}

/** A slot, as it really is. */
export interface SlotTruth {
  /** What is plugged in it; its id only where `device_add` gave one. */
  readonly device: { readonly id: string | undefined; readonly path: string } | undefined
  readonly vcpus: readonly VcpuTruth[]
  /** The boot of the guest that was asked last for the device, while it neither goes nor was refused. */
  readonly pendingUnplug: { readonly boot: number } | undefined
}

/** What is really so, and what really happened: what a test compares with what its client believes. */
export interface VmTruth extends Moment {
  /** Is there a QEMU? */
  readonly isAlive: boolean
  /** In the words of `query-status`. */
  readonly status: string
  /** Is the guest up, and not on its way there? */
  readonly isUp: boolean
  readonly bootId: string
  /** Ascending by cpu-index. */
  readonly slots: readonly SlotTruth[]
  /** Every `device_add` and `device_del` that any QEMU received, whoever sent it. */
  readonly requests: readonly DeviceRequest[]
  /** Every guest CPU that was turned on or off, with the vCPU that it was. */
  readonly switches: readonly SwitchRecord[]
}

/** Read off what is so now. */
export function readTruth(moment: Moment, isAlive: boolean, qemu: SimulatedQemu, record: VmRecord): VmTruth {
  const { board, guest } = qemu
  const slots = board.plan.slots.map((slot): SlotTruth => {
    const device = board.devices.find((other) => other.slot === slot)
    const boot = device === undefined ? undefined : qemu.unplugAskedOf(device)
    const vcpus = Array.from({ length: slot.count }, (_, thread): VcpuTruth => {
      const id = slot.firstId + thread
      const seat = guest.seats.find(({ cpuIndex }) => cpuIndex === id)
      return {
        id,
        threadId: device?.vcpus[thread]?.threadId,
        guest: seat === undefined ? undefined : { logicalId: seat.logicalId, online: seat.online },
      }
    })
    return {
      device: device === undefined ? undefined : { id: device.id, path: device.path },
      vcpus,
      pendingUnplug: boot === undefined ? undefined : { boot },
    }
  })
  const { requests, switches } = record
  const { status } = qemu
  return {
    ...moment,
    isAlive,
    status,
    isUp: guest.isUp,
    bootId: guest.bootId,
    slots,
    requests,
    switches: [...switches],
  }
}
