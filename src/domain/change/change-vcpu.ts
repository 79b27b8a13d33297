import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { VcpuChange } from '../results.ts'
import { publishChange } from '../telemetry.ts'
import { deviceIn } from '../vm/device.ts'
import type { ChangeCall } from './call.ts'
import { failureOf } from './failure.ts'
import { plugIntoGuest } from './plug-into-guest.ts'
import { offlineInGuest, unplugFailure, type OfflinePart } from './offline-in-guest.ts'
import { pickSlot } from './pick-slot.ts'
import { noteFilled, plugVcpu } from './plug.ts'
import { unplugVcpu } from './unplug.ts'

/**
 * Carry out one change. Its error is made here, once, from what the call itself sent and was answered.
 *
 * @throws see {@link Domain.setVcpuState}
 */
export function changeVcpu(call: ChangeCall): Promise<VcpuChange> {
  const { vm, request, steps, what } = call
  const change = request.online ? 'plug' : 'unplug'
  return publishChange(
    () => ({ vm: vm.driver.name, change, what, id: request.id }),
    () => carryOut(call),
    () => steps.done,
  )
}

async function carryOut(call: ChangeCall): Promise<VcpuChange> {
  try {
    call.throwIfOver()
    if (call.request.online) return call.request.guest ? await plugIntoGuest(call) : await plug(call)
    return call.request.guest ? await unplugFromGuest(call) : await unplug(call)
  } catch (error) {
    throw failureOf(error, call.what, call.ledger, call.deadline.signal)
  } finally {
    if (call.plugging !== undefined) call.vm.driver.take({ type: 'plug-over', deviceId: call.plugging })
  }
}

async function plug(call: ChangeCall): Promise<VcpuChange> {
  const plugged = await plugVcpu(call)
  await noteFilled(call, plugged)
  const { slot, deviceId } = plugged
  return call.result(slot, { changed: deviceId === null ? CpuMap.empty : slot.ids, deviceId, guest: null })
}

async function unplug(call: ChangeCall): Promise<VcpuChange> {
  const { slot, changed, deviceId } = await unplugVcpu(call)
  return call.result(slot, { changed, deviceId, guest: null })
}

async function unplugFromGuest(call: ChangeCall): Promise<VcpuChange> {
  const reading = await call.vm.driver.read(call.deadline)
  const { slot, isDone } = pickSlot(reading, call.request)
  if (isDone) return call.result(slot, { changed: CpuMap.empty, deviceId: null, guest: null })
  let part: OfflinePart = { ids: CpuMap.empty, changed: CpuMap.empty, failure: undefined, seenAt: reading.askedAt }
  try {
    part = await offlineInGuest(call, reading, slot)
    if (part.failure !== undefined) throw part.failure
    const { slot: emptied, changed, deviceId } = await unplugVcpu(call, deviceIn(slot))
    return call.result(emptied, { changed, deviceId, guest: { ids: part.ids, changed: part.changed } })
  } catch (error) {
    throw await unplugFailure(call, part, error)
  }
}
