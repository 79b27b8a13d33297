import { deviceIdOf } from '../../bitmap/machine/device-path.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CommandError, ConnectionError, TimeoutError } from '../../errors/peer-errors.ts'
import { withOutcome } from '../../errors/vcpu-error.ts'
import { callQmp } from '../../qmp/commands.ts'
import { bounded } from '../../wire/bounded.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { Vm } from '../vm.ts'
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
  const { removals } = vm
  const removal = removals.begin(slot, qomPath)
  try {
    await ask(vm, qomPath, deadline)
    steps.note('device_del', 'QEMU asked the guest')
  } catch (error) {
    if (error instanceof ConnectionError || (error instanceof CommandError && !isGone(error))) {
      removals.drop(removal, error)
      throw error
    }
    // Timed out or aborted: QEMU may have taken the request, so the watch goes on.
    if (!isGone(error)) throw withOutcome(error, 'unknown')
  }
  await awaitRemoval(removal, deadline)
  steps.note('slot-empty', `QEMU no longer lists vCPU ${String(slot.ids)}`)
}

/**
 * Join a removal that is under way. It is not asked for again, unless the guest was reset since and has forgotten it.
 *
 * @throws as {@link unplugSlot}
 */
export async function joinUnplug(vm: Vm, removal: Removal, deadline: Deadline): Promise<void> {
  if (removal.resetSinceRequest) {
    removal.onAskedAgain()
    await ask(vm, removal.qomPath, deadline).catch((error: unknown) => {
      if (!isGone(error)) throw error
    })
  }
  await awaitRemoval(removal, deadline)
}

async function ask(vm: Vm, qomPath: string, deadline: Deadline): Promise<void> {
  // A vCPU of -smp has no id; QEMU takes its path.
  await callQmp(vm.qmp, 'device_del', { id: deviceIdOf(qomPath) ?? qomPath }, deadline.options())
}

/** It went by itself; a look will find the empty slot. */
function isGone(error: unknown): boolean {
  return error instanceof CommandError && error.errorClass === 'DeviceNotFound'
}

/**
 * Wait for a removal that is under way, for as long as the deadline allows. The removal goes on without the wait.
 *
 * @throws {@link GuestRefusedError}, {@link ConnectionError} as the removal ends; {@link TimeoutError} when it does not
 */
async function awaitRemoval(removal: Removal, deadline: Deadline): Promise<void> {
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
