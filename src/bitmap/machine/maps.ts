import { ContradictionError } from '../../errors/contradiction-error.ts'
import { quote } from '../../errors/quote.ts'
import { isCpuId, MAX_CPU_ID } from '../set/cpu-id.ts'
import { CpuMap } from '../set/cpu-map.ts'
import type { GuestCpu } from './replies.ts'
import { isOnlinable, isPlugged, type VcpuSlot } from './vcpu-slot.ts'

/** The four maps of QEMU's side; ids are cpu-index. */
export interface VcpuMaps {
  /** vCPUs plugged in QEMU. */
  readonly online: CpuMap
  /** vCPUs of empty slots that QEMU would fill. */
  readonly onlinable: CpuMap
  /** Plugged vCPUs that QEMU would let go. */
  readonly offlinable: CpuMap
  /** vCPUs of every slot. */
  readonly possible: CpuMap
}

/** The five maps of the guest's side; ids are the guest's logical ids, a numbering of its own. */
export interface GuestMaps {
  readonly online: CpuMap
  /** What is listed and not online. */
  readonly offline: CpuMap
  /** Online and can be turned off. */
  readonly offlinable: CpuMap
  /** Offline and can be turned on; present, where that is known. */
  readonly onlinable: CpuMap
  /** All that the agent lists. */
  readonly possible: CpuMap
}

/** The maps of QEMU's side from {@link computeSlots} or {@link fixedSlots}. */
export function computeVcpuMaps(slots: readonly VcpuSlot[]): VcpuMaps {
  const online = CpuMap.from(idsWhere(slots, isPlugged))
  const onlinable = CpuMap.from(idsWhere(slots, isOnlinable))
  const offlinable = CpuMap.from(idsWhere(slots, (slot) => slot.offlinable))
  return { online, onlinable, offlinable, possible: CpuMap.from(idsWhere(slots, () => true)) }
}

function* idsWhere(slots: readonly VcpuSlot[], wanted: (slot: VcpuSlot) => boolean): Generator<number> {
  for (const slot of slots) {
    if (!wanted(slot)) continue
    for (let id = slot.firstId; id < slot.firstId + slot.count; id++) yield id
  }
}

/**
 * The maps of the guest's side from the reply to `guest-get-vcpus`.
 *
 * @param cpus - the reply, in any order
 * @param present - what `/sys/devices/system/cpu/present` says in the guest, where it lets us read it: a pseries guest
 * lists CPUs that are not there, offline and seemingly ready to be turned on
 * @throws {@link ContradictionError} when a logical-id comes twice or is not an integer in 0..{@link MAX_CPU_ID}.
 */
export function computeGuestMaps(cpus: readonly GuestCpu[], present?: CpuMap): GuestMaps {
  requireDistinctIds(cpus)
  const idsOf = (wanted: (cpu: GuestCpu) => boolean): CpuMap =>
    CpuMap.from(cpus.filter(wanted).map((cpu) => cpu['logical-id']))
  const possible = idsOf(() => true)
  const online = idsOf((cpu) => cpu.online)
  const switchable = idsOf((cpu) => cpu['can-offline'] === true)
  const offline = possible.difference(online)
  const onlinable = offline.intersection(switchable)
  return {
    online,
    offline,
    offlinable: online.intersection(switchable),
    onlinable: present === undefined ? onlinable : onlinable.intersection(present),
    possible,
  }
}

function requireDistinctIds(cpus: readonly GuestCpu[]): void {
  const seen = new Map<number, number>()
  for (const [at, { 'logical-id': id }] of cpus.entries()) {
    if (!isCpuId(id)) {
      throw new ContradictionError(
        `entry ${at} of guest-get-vcpus has logical-id ${quote(id)}, and ids are the integers 0 to ${MAX_CPU_ID}`,
      )
    }
    const earlier = seen.get(id)
    if (earlier !== undefined) {
      throw new ContradictionError(
        `guest-get-vcpus has logical-id ${id} in entry ${earlier} (online ${quote(cpus[earlier]?.online)}) and again in entry ${at} (online ${quote(cpus[at]?.online)})`,
      )
    }
    seen.set(id, at)
  }
}
