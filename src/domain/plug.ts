import { withOutcome } from '../bitmap/vcpu-error.ts'
import { slotOf, type VcpuSlot } from '../bitmap/vcpu-slot.ts'
import { callQmp } from '../qmp/commands.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import type { Deadline } from '../wire/deadline.ts'
import { devicePath, freshDeviceId } from './device-id.ts'
import { NotConfirmedError } from './errors.ts'
import { readSlots } from './read-slots.ts'

/**
 * Fill an empty slot and see that QEMU has filled it.
 *
 * @returns the new device's id
 * @throws {@link CommandError} when QEMU refuses (`outcome: 'rejected'`)
 * @throws {@link NotConfirmedError} when it says yes and the slot is not filled with the device it was given
 */
export async function plugSlot(qmp: QmpExecutor, slot: VcpuSlot, deadline: Deadline): Promise<string> {
  const id = freshDeviceId(slot.firstId)
  // The slot's properties go back as they came, also those that nobody here knows.
  await callQmp(qmp, 'device_add', { ...slot.props, driver: slot.type, id }, deadline.options())
  const { slots } = await readSlots(qmp, deadline).catch((error: unknown) => {
    throw withOutcome(error, 'unknown')
  })
  const filled = slotOf(slots, slot.firstId)
  if (filled?.qomPath !== devicePath(id)) {
    throw new NotConfirmedError(
      `QEMU accepted ${id} for vCPU ${String(slot.ids)}, but shows ${filled?.qomPath ?? 'nothing'} in that slot`,
    )
  }
  return id
}
