import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { devicePath } from '../../bitmap/machine/device-path.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { Deadline } from '../../wire/deadline.ts'
import { NotConfirmedError } from '../errors.ts'
import { deviceIn } from '../vm/device.ts'
import type { Moment } from '../vm/moment.ts'
import { ChangeCall } from './call.ts'
import { turnInGuest } from './guest-turn.ts'
import { unplugVcpu } from './unplug.ts'

/**
 * Unplug what a call has plugged, if it is still there, within the bound that undoing has.
 *
 * @returns why it could not be, in words; `undefined` when it is undone
 */
export function undoPlug(call: ChangeCall, slot: VcpuSlot, deviceId: string): Promise<string | undefined> {
  return undo(call, false, `unplugged ${deviceId} again`, async (undoing) => {
    if (slot.qomPath === devicePath(deviceId)) await unplugVcpu(undoing, deviceIn(slot))
    call.ledger.undo()
  })
}

/**
 * Turn CPUs of the guest back to what they were, in the boot in which they were turned.
 *
 * @param seenAt - when it was asked which vCPUs they are
 * @returns as {@link undoPlug}
 */
export function undoTurn(call: ChangeCall, ids: CpuMap, online: boolean, seenAt: Moment): Promise<string | undefined> {
  return undo(call, online, `turned ${online ? 'on' : 'off'} CPU ${String(ids)} again`, async (undoing) => {
    const turn = await turnInGuest(undoing, ids, online, { boot: seenAt.boot })
    if (turn === undefined) throw new NotConfirmedError('the guest was reset since, and has renumbered its CPUs')
    if (turn.failure !== undefined) throw turn.failure
    call.ledger.undoDone()
  })
}

async function undo(
  call: ChangeCall,
  online: boolean,
  detail: string,
  task: (undoing: ChangeCall) => Promise<void>,
): Promise<string | undefined> {
  const { vm, request, steps, ledger } = call
  const { rollbackTimeoutMs } = request
  // The caller's signal ends what he asked for, not the undoing of it, which has a bound of its own.
  const deadline = new Deadline({ timeoutMs: rollbackTimeoutMs }, rollbackTimeoutMs, vm.driver.clock)
  const undoing = new ChangeCall(vm, { ...request, online, wholeSlot: true, guest: false }, deadline, steps)
  try {
    await task(undoing)
    await steps.note('undo', detail)
    return undefined
  } catch (error) {
    if (undoing.ledger.outcome === 'unknown') ledger.send()
    return error instanceof Error ? error.message : String(error)
  }
}
