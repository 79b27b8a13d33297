import { withOutcome } from '../../bitmap/vcpu-error.ts'
import type { VcpuSlot } from '../../bitmap/vcpu-slot.ts'
import { callQmp } from '../../qmp/commands.ts'
import { bounded } from '../../wire/bounded.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { CommandError, ConnectionError, TimeoutError } from '../../wire/errors.ts'
import type { Vm } from '../vm.ts'
import { deviceIdOf } from './device-id.ts'
import type { Removal } from './removal.ts'
import type { ChangeRequest } from './request.ts'

/**
 * Ask the guest to let a slot's device go, and wait until the slot is empty.
 *
 * @throws {@link CommandError} when QEMU refuses the request (`outcome: 'rejected'`)
 * @throws {@link GuestRefusedError} as soon as the guest has refused
 * @throws {@link TimeoutError} `outcome: 'unknown'`: the request stands and stays watched
 */
export async function unplugSlot(
  vm: Vm,
  slot: VcpuSlot,
  qomPath: string,
  { deadline, steps }: Pick<ChangeRequest, 'deadline' | 'steps'>,
): Promise<void> {
  const { qmp, removals } = vm
  const removal = removals.begin(slot, qomPath)
  try {
    // A vCPU of -smp has no id; QEMU takes its path.
    await callQmp(qmp, 'device_del', { id: deviceIdOf(qomPath) ?? qomPath }, deadline.options())
    steps.note('device_del', 'QEMU asked the guest')
  } catch (error) {
    if (error instanceof CommandError && error.errorClass === 'DeviceNotFound') {
      // It went by itself; the watch will see the empty slot.
    } else if (error instanceof CommandError || error instanceof ConnectionError) {
      removals.drop(removal, error)
      throw error
    } else {
      // Timed out or aborted: QEMU may have taken the request, so the watch goes on.
      throw withOutcome(error, 'unknown')
    }
  }
  await awaitRemoval(removal, deadline)
  steps.note('slot-empty', `QEMU no longer lists vCPU ${String(slot.ids)}`)
}

/**
 * Wait for a removal that is under way, for as long as the deadline allows. The removal goes on without the wait.
 *
 * @throws {@link GuestRefusedError}, {@link ConnectionError} as the removal ends; {@link TimeoutError} when it does not
 */
export async function awaitRemoval(removal: Removal, deadline: Deadline): Promise<void> {
  removal.join()
  try {
    await bounded(removal.ended, {
      ...deadline.options(),
      onTimeout: () =>
        new TimeoutError(
          `vCPU ${String(removal.ids)} was asked to go and is still there after ${deadline.timeoutMs} ms: ` +
            (removal.state === 'guest-working' ? 'the guest is working at it' : 'the guest has not answered') +
            '; the request stands and stays watched',
          { outcome: 'unknown' },
        ),
    })
  } finally {
    removal.leave()
  }
}
