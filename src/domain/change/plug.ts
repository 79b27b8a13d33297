import { devicePath } from '../../bitmap/machine/device-path.ts'
import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { isRefusal } from '../../errors/refusal.ts'
import { NotConfirmedError, RefusedError } from '../errors.ts'
import type { Moment } from '../vm/moment.ts'
import type { DatedReading } from '../vm/reading.ts'
import { isPending } from '../vm/removal.ts'
import { openRemoval } from '../vm/state.ts'
import type { ChangeCall } from './call.ts'
import { freshDeviceId } from './device-id.ts'
import type { Request } from './ledger.ts'
import { readSlot } from './read-slot.ts'
import { sendChange } from './send.ts'
import { requireX2apic } from './x2apic.ts'

/** The slot once it is filled. */
export interface Plugged {
  readonly slot: VcpuSlot
  /** The device that this call plugged; `null` where the slot was filled already, or by somebody else. */
  readonly deviceId: string | null
  /** Its entry in the ledger. */
  readonly request: Request | undefined
  /** When QEMU was asked what is in the slot. */
  readonly seenAt: Moment
}

/**
 * Fill the slot of the vCPU asked for, if it is empty, and see that QEMU has filled it. Decided on a reading of this
 * call's own turn.
 *
 * @throws {@link RefusedError} when this machine cannot; nothing was sent
 * @throws {@link CommandError} when QEMU refuses and the slot is still empty
 * @throws {@link NotConfirmedError} when QEMU accepts and the slot does not hold the device it was given
 */
export async function plugVcpu(call: ChangeCall): Promise<Plugged> {
  const { vm, deadline } = call
  const { driver } = vm
  const plugged = await driver.turns.run(deadline, call.what, async () => {
    const { reading, slot, isDone } = await readSlot(call)
    requireNoRemoval(call, slot)
    if (isDone) return { slot, deviceId: null, request: undefined, seenAt: reading.askedAt }
    await requireX2apic(driver.qmp, reading, slot, call.request.id, deadline)
    return fill(call, slot)
  })
  const { slot, deviceId, request } = plugged
  if (deviceId === null || request === undefined) return plugged
  // From here on no other change waits for this one.
  await call.steps.note('device_add', `QEMU accepted ${deviceId}`)
  const { slots, askedAt } = await driver.read(deadline)
  const filled = slotOf(slots, slot.firstId)
  if (filled?.qomPath !== devicePath(deviceId)) {
    throw new NotConfirmedError(
      `QEMU accepted ${deviceId} for vCPU ${String(slot.ids)}, but shows ${filled?.qomPath ?? 'nothing'} in that slot`,
    )
  }
  request.done()
  return { slot: filled, deviceId, request, seenAt: askedAt }
}

/** Note that a slot was filled by this call. What its caller's `onStep` fails with then finds the vCPU plugged. */
export async function noteFilled({ steps }: ChangeCall, { deviceId, slot }: Plugged): Promise<void> {
  if (deviceId !== null) await steps.note('slot-filled', `QEMU lists vCPU ${String(slot.ids)}`)
}

/** Ask QEMU to fill a slot. */
async function fill(call: ChangeCall, slot: VcpuSlot): Promise<Plugged> {
  const { driver } = call.vm
  const { firstId } = slot
  const deviceId = call.request.deviceId ?? freshDeviceId(firstId)
  call.throwIfOver()
  const request = call.ledger.send()
  call.plugs(deviceId)
  driver.take({ type: 'plug-sent', firstId, deviceId })
  try {
    // The slot's properties go back as they came, unknown ones included.
    const args = { ...slot.props, driver: slot.type, id: deviceId }
    await sendChange(call, 'device_add', args, {
      onAccepted: () => {
        driver.take({ type: 'plug-accepted', deviceId })
      },
      onRefused: () => undefined,
      onUnsent: () => {
        request.unsent()
      },
    })
  } catch (error) {
    if (!isRefusal(error)) throw error
    request.refused()
    const after = await readAfterRefusal(call)
    const filled = slotOf(after?.slots ?? [], firstId)
    // Somebody else has filled the slot in the meantime, which is what was wanted.
    if (after === undefined || filled === undefined || filled.qomPath === null) throw error
    return { slot: filled, deviceId: null, request, seenAt: after.askedAt }
  }
  request.taken()
  return { slot, deviceId, request, seenAt: driver.state.now }
}

/** A look that fails leaves the refusal as the verdict: QEMU has said it. */
export async function readAfterRefusal(call: ChangeCall): Promise<DatedReading | undefined> {
  return call.vm.driver.read(call.deadline).catch(() => undefined)
}

function requireNoRemoval({ vm, request: { id } }: ChangeCall, slot: VcpuSlot): void {
  const { state } = vm.driver
  const removal = openRemoval(state, id)
  if (slot.qomPath === null || removal === undefined || !isPending(removal, state.now)) return
  throw new RefusedError(
    'ERR_REMOVAL_PENDING',
    `an unplug of vCPU ${id} is pending; wait until it completes or is rejected`,
    id,
    slot.ids,
  )
}
