import { devicePath } from '../../bitmap/machine/device-path.ts'
import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { withOutcome } from '../../errors/vcpu-error.ts'
import { callQmp } from '../../qmp/commands.ts'
import { NotConfirmedError } from '../errors.ts'
import type { Vm } from '../vm.ts'
import { freshDeviceId } from './device-id.ts'
import type { ChangeRequest } from './request.ts'

/**
 * Fill an empty slot and see that QEMU has filled it.
 *
 * @param id - the new device's id
 * @returns that id
 * @throws {@link CommandError} when QEMU refuses (`outcome: 'rejected'`)
 * @throws {@link NotConfirmedError} when it says yes and the slot is not filled with the device it was given
 */
export async function plugSlot(
  vm: Vm,
  slot: VcpuSlot,
  { deadline, steps }: ChangeRequest,
  id: string = freshDeviceId(slot.firstId),
): Promise<string> {
  // The slot's properties go back as they came, also those that nobody here knows.
  await callQmp(vm.qmp, 'device_add', { ...slot.props, driver: slot.type, id }, deadline.options())
  steps.note('device_add', `QEMU took ${id}`)
  const { slots } = await vm.read(deadline).catch((error: unknown) => {
    throw withOutcome(error, 'unknown')
  })
  const filled = slotOf(slots, slot.firstId)
  if (filled?.qomPath !== devicePath(id)) {
    throw new NotConfirmedError(
      `QEMU accepted ${id} for vCPU ${String(slot.ids)}, but shows ${filled?.qomPath ?? 'nothing'} in that slot`,
    )
  }
  steps.note('slot-filled', `QEMU lists vCPU ${String(slot.ids)}`)
  vm.events.publish({ type: 'plugged', ids: slot.ids, deviceId: id })
  return id
}
