import { ContradictionError } from '../../errors/contradiction-error.ts'
import { quote } from '../../errors/quote.ts'
import { isCpuId, MAX_CPU_ID, requireCpuId } from '../set/cpu-id.ts'
import { CpuMap } from '../set/cpu-map.ts'
import { addId, addRange, hasId } from '../set/words.ts'
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
  const online: number[] = []
  const onlinable: number[] = []
  const offlinable: number[] = []
  const possible: number[] = []
  for (const slot of slots) {
    const { firstId } = slot
    const lastId = firstId + slot.count - 1
    requireCpuId(firstId)
    requireCpuId(lastId)
    addRange(possible, firstId, lastId)
    if (isPlugged(slot)) addRange(online, firstId, lastId)
    else if (isOnlinable(slot)) addRange(onlinable, firstId, lastId)
    if (slot.offlinable) addRange(offlinable, firstId, lastId)
  }
  return {
    online: CpuMap.ofWords(online),
    onlinable: CpuMap.ofWords(onlinable),
    offlinable: CpuMap.ofWords(offlinable),
    possible: CpuMap.ofWords(possible),
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
  const listed: number[] = []
  const running: number[] = []
  const changeable: number[] = []
  for (const [at, cpu] of cpus.entries()) {
    const id = cpu['logical-id']
    if (!isCpuId(id)) {
      throw new ContradictionError(
        `entry ${at} of guest-get-vcpus has logical-id ${quote(id)}, and ids are the integers 0 to ${MAX_CPU_ID}`,
      )
    }
    if (hasId(listed, id)) throw listedTwice(cpus, id, at)
    addId(listed, id)
    if (cpu.online) addId(running, id)
    if (cpu['can-offline'] === true) addId(changeable, id)
  }
  const possible = CpuMap.ofWords(listed)
  const online = CpuMap.ofWords(running)
  const switchable = CpuMap.ofWords(changeable)
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

function listedTwice(cpus: readonly GuestCpu[], id: number, at: number): ContradictionError {
  const earlier = cpus.findIndex((cpu) => cpu['logical-id'] === id)
  return new ContradictionError(
    `guest-get-vcpus has logical-id ${id} in entry ${earlier} (online ${quote(cpus[earlier]?.online)}) and again in entry ${at} (online ${quote(cpus[at]?.online)})`,
  )
}
