import { deviceIdOf } from '../../bitmap/machine/device-path.ts'
import { isOnlinable, isPlugged, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { UNKNOWN_GUEST, type Vcpu } from '../results.ts'
import { sideOf, type GuestView } from './guest-view.ts'

/**
 * Every vCPU of every slot, ascending.
 *
 * @param view - the guest's side; `undefined` where there is no agent to ask, `'unknown'` where asking it failed
 */
export function listVcpus(slots: readonly VcpuSlot[], view: GuestView | 'unknown' | undefined): Vcpu[] {
  return slots.flatMap((slot) => {
    const ids = [...slot.ids]
    return ids.map((id, thread) => {
      const plugged = slot.vcpus[thread]
      return {
        id,
        online: plugged !== undefined,
        onlinable: isOnlinable(slot),
        offlinable: slot.offlinable,
        slot: ids,
        type: slot.type,
        deviceId: isPlugged(slot) ? deviceIdOf(slot.qomPath) : null,
        qomPath: plugged?.qomPath ?? null,
        props: slot.props,
        hostThreadId: plugged?.hostThreadId ?? null,
        // An empty slot has no CPU in any guest.
        guest:
          plugged === undefined || view === undefined ? null : view === 'unknown' ? UNKNOWN_GUEST : sideOf(view, id),
      }
    })
  })
}
