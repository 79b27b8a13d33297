import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { NotConfirmedError } from '../errors.ts'
import { deviceIn, isSameDevice } from '../vm/device.ts'
import type { VmState } from '../vm/state.ts'
import type { ChangeCall } from './call.ts'
import type { Plugged } from './plug.ts'

/**
 * The guest lists a number as on: that it is the vCPU that was plugged, it is only as long as the device is the one that was
 * seen. Read once more where anything since has shown that it may not be, and only then.
 *
 * @throws {@link NotConfirmedError} when another client, or the guest, has removed the device in the meantime
 */
export async function requireStillThere(call: ChangeCall, plugged: Plugged): Promise<void> {
  const { driver } = call.vm
  if (!mayHaveGone(driver.state, plugged)) return
  try {
    const { slots } = await driver.read(call.deadline)
    const { slot } = plugged
    const now = slotOf(slots, slot.firstId)
    if (!isSameDevice(deviceIn(now), deviceIn(slot))) throw gone(slot, now)
  } catch (error) {
    call.ledger.doubt()
    throw error
  }
}

/**
 * The same for a change that has failed: what is said of a device that was removed meanwhile would not be true.
 *
 * @returns the error for that; `undefined` where the device is there, or cannot be looked for
 */
export async function removedMeanwhile(call: ChangeCall, plugged: Plugged): Promise<NotConfirmedError | undefined> {
  if (!mayHaveGone(call.vm.driver.state, plugged)) return undefined
  try {
    const { slots } = await call.vm.driver.read(call.deadline)
    const now = slotOf(slots, plugged.slot.firstId)
    if (isSameDevice(deviceIn(now), deviceIn(plugged.slot))) return undefined
    call.ledger.doubt()
    return gone(plugged.slot, now)
  } catch {
    // The change has failed already, and for a reason that stands.
    return undefined
  }
}

function mayHaveGone(
  { now, hearsEvents, isConnected, deletedAt, reading }: VmState,
  { slot, seenAt }: Plugged,
): boolean {
  // What went unheard may be anything.
  if (!hearsEvents || !isConnected || now.connection !== seenAt.connection) return true
  if (deletedAt > seenAt.tick) return true
  return reading !== undefined && !isSameDevice(deviceIn(slotOf(reading.slots, slot.firstId)), deviceIn(slot))
}

function gone({ ids }: VcpuSlot, now: VcpuSlot | undefined): NotConfirmedError {
  const other = deviceIn(now)?.qomPath
  const holds = other === undefined ? 'its slot is empty' : `its slot holds ${other}`
  return new NotConfirmedError(
    `vCPU ${String(ids)} was removed while it was brought up in the guest, and not by this call: ${holds}`,
  )
}
