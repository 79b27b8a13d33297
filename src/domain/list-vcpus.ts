import { deviceIdOf } from '../bitmap/machine/device-path.ts'
import { isPlugged, type VcpuSlot } from '../bitmap/machine/vcpu-slot.ts'
import type { Vcpu, VcpuGuest } from './results.ts'

/**
 * Every vCPU of every slot, ascending.
 *
 * @param guests - the guest's side of each vCPU that it has one for, by cpu-index
 */
export function listVcpus(slots: readonly VcpuSlot[], guests: ReadonlyMap<number, VcpuGuest>): Vcpu[] {
  return slots.flatMap((slot) => {
    const ids = [...slot.ids]
    return ids.map((id, thread) => {
      const plugged = slot.vcpus[thread]
      return {
        id,
        online: plugged !== undefined,
        offlinable: slot.offlinable,
        slot: ids,
        deviceId: isPlugged(slot) ? deviceIdOf(slot.qomPath) : null,
        qomPath: plugged?.qomPath ?? null,
        props: slot.props,
        hostThreadId: plugged?.hostThreadId ?? null,
        guest: guests.get(id) ?? null,
      }
    })
  })
}
