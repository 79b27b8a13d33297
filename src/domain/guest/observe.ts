import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import { deviceIn, isSameDevice } from '../vm/device.ts'
import type { Observation, VmState } from '../vm/state.ts'
import type { Evidence } from './evidence.ts'

/**
 * Which CPUs of the guest the vCPUs of a slot are, when that can be told from what appeared around their plug. It can when
 * exactly that slot was filled between the two moments, exactly as many CPUs appeared in the guest and none went, and at
 * both moments the guest had a CPU for each vCPU: then nothing but this plug explains what appeared. And only within one
 * boot of the guest, for another one numbers its CPUs anew.
 *
 * @returns by cpu-index; `undefined` when it cannot be told
 */
export function observeIds(
  state: VmState,
  slot: VcpuSlot,
  before: Evidence,
  after: Evidence,
): ReadonlyMap<number, Observation> | undefined {
  const device = deviceIn(slot)
  if (device === undefined || !isOneBoot(state, before, after) || !isOnlyChange(slot, before, after)) return undefined
  const were = cpusOf(before)
  const are = cpusOf(after)
  if (were === undefined || were.kind !== are?.kind || !were.ids.isSubsetOf(are.ids)) return undefined
  const fresh = are.ids.difference(were.ids)
  if (fresh.size !== slot.count) return undefined
  const seen = { device, seenAt: state.now, bootId: after.view.bootId }
  const guestIds = [...fresh]
  return new Map([...slot.ids].map((id, at) => [id, { ...seen, guestId: guestIds[at] ?? 0 }]))
}

function isOneBoot({ now }: VmState, before: Evidence, after: Evidence): boolean {
  if (!before.isSteady || !after.isSteady) return false
  for (const { reading } of [before, after]) {
    if (reading.askedAt.boot !== now.boot || reading.askedAt.connection !== now.connection) return false
  }
  // Its own boot id where it may be read; otherwise a reset is heard, or what was observed is not kept beyond the call.
  return before.view.bootId === after.view.bootId
}

/** Was this slot filled, by the device that is in it now, and is every other slot as it was? */
function isOnlyChange(slot: VcpuSlot, before: Evidence, after: Evidence): boolean {
  const wasEmpty = deviceIn(slotOf(before.reading.slots, slot.firstId)) === undefined
  const isFilled = isSameDevice(deviceIn(slotOf(after.reading.slots, slot.firstId)), deviceIn(slot))
  return (
    wasEmpty &&
    isFilled &&
    after.reading.slots.every((other) => {
      const was = slotOf(before.reading.slots, other.firstId)
      return other.firstId === slot.firstId || isSameDevice(deviceIn(other), deviceIn(was))
    })
  )
}

/**
 * The CPUs that the guest has, where they are as many as QEMU's vCPUs: those that it lists; or, for a guest that lists all
 * that it could have (pseries), those that it runs.
 */
function cpusOf({ reading, view }: Evidence): { readonly kind: 'listed' | 'online'; readonly ids: CpuMap } | undefined {
  const plugged = reading.slots.reduce((sum, { vcpus }) => sum + vcpus.length, 0)
  if (view.cpus.length === plugged) return { kind: 'listed', ids: idsOf(view.cpus) }
  const online = view.cpus.filter((cpu) => cpu.online)
  return online.length === plugged ? { kind: 'online', ids: idsOf(online) } : undefined
}

function idsOf(cpus: readonly GuestCpu[]): CpuMap {
  return CpuMap.from(cpus.map((cpu) => cpu['logical-id']))
}
