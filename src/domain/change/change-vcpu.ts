import { deviceIdOf } from '../../bitmap/machine/device-path.ts'
import { isPlugged, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { withOutcome } from '../../errors/vcpu-error.ts'
import { RefusedError } from '../errors.ts'
import type { VcpuChange } from '../results.ts'
import type { Vm } from '../vm.ts'
import { offlineInGuest, reportUnplugFailure } from './offline-in-guest.ts'
import { pickSlot, requireWholeSlot } from './pick-slot.ts'
import { plugIntoGuest } from './plug-into-guest.ts'
import { plugSlot } from './plug.ts'
import { resultOf, type ChangeRequest } from './request.ts'
import { joinUnplug, unplugSlot } from './unplug.ts'
import { requireX2apic } from './x2apic.ts'

/**
 * Carry out one change, when its turn has come.
 *
 * @throws see {@link Domain.setVcpuState}
 */
export async function changeVcpu(vm: Vm, request: ChangeRequest): Promise<VcpuChange> {
  // The call before this one may have left a removal behind.
  const joined = await joinRemoval(vm, request)
  if (joined !== undefined) return joined
  const { id, online, wholeSlot, guest, deadline } = request
  const reading = await vm.read(deadline).catch((error: unknown) => {
    throw withOutcome(error, 'not-sent')
  })
  const { slot, isDone } = pickSlot(reading, id, online, wholeSlot)
  if (online) {
    if (!isDone) await requireX2apic(vm.qmp, reading, slot, id, deadline)
    if (guest) return plugIntoGuest(vm, request, reading, slot)
    if (isDone) return unchanged(request, slot)
    const deviceId = await plugSlot(vm, slot, request)
    return { ...resultOf(request, slot), changed: slot.ids, deviceId }
  }
  if (!isPlugged(slot)) return unchanged(request, slot)
  const offlined = guest ? await offlineInGuest(vm, request, reading, slot) : null
  await unplugSlot(vm, slot, slot.qomPath, request).catch((error: unknown) =>
    reportUnplugFailure(vm, request, offlined, error),
  )
  return { ...resultOf(request, slot), changed: slot.ids, deviceId: deviceIdOf(slot.qomPath), guest: offlined }
}

/** A removal of that vCPU under way: to unplug it again joins it, to plug it is refused. */
export async function joinRemoval(vm: Vm, request: ChangeRequest): Promise<VcpuChange | undefined> {
  const { id, online, wholeSlot, deadline, steps } = request
  const removal = vm.removals.find(id)
  if (removal === undefined) return undefined
  requireWholeSlot(removal.slot, id, wholeSlot)
  if (online) {
    throw new RefusedError(
      'ERR_REMOVAL_PENDING',
      `vCPU ${id} was asked to go and the guest may still let it go: wait for the removal, or for its refusal`,
      id,
      removal.ids,
    )
  }
  await joinUnplug(vm, removal, deadline)
  steps.note('slot-empty', 'the removal that was under way is done')
  return { ...resultOf(request, removal.slot), changed: removal.ids, deviceId: deviceIdOf(removal.qomPath) }
}

function unchanged(request: ChangeRequest, slot: VcpuSlot): VcpuChange {
  return { ...resultOf(request, slot), changed: CpuMap.empty, deviceId: null }
}
