import { isBootSlot, neverUnplugs } from '../../bitmap/machine/unplug-rules.ts'
import { isPlugged, slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { RefusedError } from '../errors.ts'
import type { SlotReading } from '../vm/reading.ts'
import type { ChangeRequest } from './call.ts'

/**
 * The slot to change so that vCPU `id` gets the state `online`, or `undefined` when it has it already.
 *
 * @throws {@link RefusedError} when this machine cannot; nothing was sent
 */
export function pickSlot(
  reading: SlotReading,
  request: ChangeRequest,
): { readonly slot: VcpuSlot; readonly isDone: boolean } {
  const { id, online, guest } = request
  const { slots, noHotplug } = reading
  const slot = slotOf(slots, id)
  if (slot === undefined) {
    if (noHotplug !== undefined) throw noHotplugError(id, noHotplug)
    const last = slots.at(-1)
    const range = last === undefined ? 'no vCPU at all' : `vCPUs 0 to ${last.firstId + last.count - 1}`
    throw new RefusedError('ERR_NO_SUCH_VCPU', `vCPU ${id} does not exist: this machine has ${range}`, id)
  }
  if (isPlugged(slot) === online) {
    // In the guest there is something to turn on for each vCPU of the slot.
    if (online && guest) requireWholeSlot(slot, request)
    return { slot, isDone: true }
  }
  if (noHotplug !== undefined) throw noHotplugError(id, noHotplug)
  requireWholeSlot(slot, request)
  if (!online && !slot.offlinable) throw notOfflinable(reading, slot, id)
  return { slot, isDone: false }
}

/** @throws {@link RefusedError} `ERR_PART_OF_SLOT` when `id` is one of several and the caller did not ask for all */
export function requireWholeSlot(slot: Pick<VcpuSlot, 'count' | 'ids'>, { id, wholeSlot }: ChangeRequest): void {
  if (slot.count === 1 || wholeSlot) return
  throw new RefusedError(
    'ERR_PART_OF_SLOT',
    `vCPU ${id} is a part of the slot ${String(slot.ids)}, which QEMU can only plug and unplug as a unit: ask for the whole slot`,
    id,
    slot.ids,
  )
}

function notOfflinable({ target }: SlotReading, slot: VcpuSlot, id: number): RefusedError {
  // s390x keeps its boot CPU too, but not for being that: whoever reads it must not go on to try the next one.
  const holdsBootCpu = isBootSlot(slot.firstId) && !neverUnplugs(target)
  const why = holdsBootCpu
    ? `${slot.count === 1 ? 'it is' : `its slot ${String(slot.ids)} holds`} the boot CPU, which QEMU never unplugs`
    : 'this machine type never unplugs a vCPU'
  return new RefusedError('ERR_NOT_OFFLINABLE', `vCPU ${id} cannot be unplugged: ${why}`, id, slot.ids)
}

function noHotplugError(id: number, noHotplug: string): RefusedError {
  return new RefusedError(
    'ERR_NO_HOTPLUG',
    `vCPU ${id} cannot be changed: this machine type has no vCPU hotplug (QEMU: ${noHotplug})`,
    id,
  )
}
