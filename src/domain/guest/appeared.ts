import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { listedIds, onlineIds } from './guest-view.ts'

/**
 * Without the guest's `/sys`: what appeared around a plug of ours is what we plugged, if exactly as many appeared. A guest
 * that lists all possible CPUs (pseries) shows by what it runs instead.
 *
 * @returns the guest id of each vCPU of the slot, by cpu-index; none where it is not clear
 */
export function appearedFor(
  slot: VcpuSlot,
  before: readonly GuestCpu[],
  after: readonly GuestCpu[],
): ReadonlyMap<number, number> {
  const appeared = listedIds(after).difference(listedIds(before))
  const woken = onlineIds(after).difference(onlineIds(before))
  const fresh = [...(appeared.size > 0 ? appeared : woken)]
  if (fresh.length !== slot.count) return new Map()
  return new Map(fresh.map((guestId, thread) => [slot.firstId + thread, guestId]))
}
