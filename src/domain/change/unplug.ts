import { deviceIdOf } from '../../bitmap/machine/device-path.ts'
import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { ConnectionError, TimeoutError } from '../../errors/peer-errors.ts'
import { isRefusal } from '../../errors/refusal.ts'
import { GuestRefusedError, NotConfirmedError } from '../errors.ts'
import { deviceIn, isSameDevice, type Device } from '../vm/device.ts'
import { isCertain, removalIds, type Removal, type RemovalEnd } from '../vm/removal.ts'
import { openRemoval, type VmState } from '../vm/state.ts'
import type { ChangeCall } from './call.ts'
import type { Request } from './ledger.ts'
import { requireWholeSlot } from './pick-slot.ts'
import { readAfterRefusal } from './plug.ts'
import { readSlot } from './read-slot.ts'
import { sendChange } from './send.ts'
import { reasonForSilence, waitFor } from './silence.ts'

/** The slot once it is empty. */
export interface Unplugged {
  readonly slot: Pick<VcpuSlot, 'firstId' | 'count' | 'ids' | 'vcpus'>
  /** What this call removed; empty when the slot was empty, or somebody else emptied it. */
  readonly changed: CpuMap
  readonly deviceId: string | null
}

/** A removal that this call waits for, and its entry in the call's ledger. */
interface Asked {
  readonly key: number
  readonly request: Request
  /** This call asked QEMU itself. */
  readonly isSent: boolean
}

/**
 * Have a slot emptied: ask QEMU, or join a request of which it is certain that QEMU and this boot of the guest have it,
 * and wait until the slot is empty.
 *
 * @param device - the one that is to go, where the guest's part was for a certain one
 * @throws {@link CommandError} when QEMU refuses the request and the slot is still filled
 * @throws {@link GuestRefusedError} as soon as the guest has refused
 * @throws {@link TimeoutError} when neither has happened: the request is still pending
 */
export async function unplugVcpu(call: ChangeCall, device?: Device): Promise<Unplugged> {
  for (;;) {
    const slotBefore = slotOf(call.vm.driver.state.reading?.slots ?? [], call.request.id)
    const asked = joinCertain(call) ?? (await ask(call, device))
    if ('slot' in asked) return { slot: asked.slot, changed: CpuMap.empty, deviceId: null }
    if (asked.isSent) await noteAccepted(call)
    const removal = await awaitEnd(call, asked)
    // QEMU refused whoever had asked, and this call had only joined: now it asks itself.
    if (removal === undefined) continue
    if (removal.end?.type === 'removed' && removal.end.owner !== call.caller) {
      // Another call's, or somebody else's: it may have been over before this call began, so it sees for itself.
      asked.request.refused()
      continue
    }
    const slot = slotOf(call.vm.driver.state.reading?.slots ?? [], removal.firstId) ?? slotBefore
    const changed = isOwner(removal.end, call.caller) ? removalIds(removal) : CpuMap.empty
    await call.steps.note('slot-empty', `QEMU no longer lists vCPU ${String(removalIds(removal))}`)
    return { slot: slot ?? emptied(removal), changed, deviceId: deviceIdOf(removal.device.qomPath) }
  }
}

/** Join a request under way that needs no repetition. Joining takes no turn: nothing is sent. */
function joinCertain(call: ChangeCall): Asked | undefined {
  const { vm, request, caller, ledger } = call
  const { state } = vm.driver
  const removal = openRemoval(state, request.id)
  if (removal === undefined || !isCertain(removal, state.now)) return undefined
  requireWholeSlot({ ...removal, ids: removalIds(removal) }, request)
  vm.driver.take({ type: 'joined', caller, key: removal.key })
  const entry = ledger.send()
  entry.taken()
  return { key: removal.key, request: entry, isSent: false }
}

async function ask(call: ChangeCall, expected: Device | undefined): Promise<Asked | { readonly slot: VcpuSlot }> {
  const { vm, request, deadline } = call
  const { driver } = vm
  return driver.turns.run(deadline, call.what, async () => {
    // Where the guest's part was for a certain device, that one is looked for now.
    const { slot } = await readSlot(call, expected !== undefined)
    const joined = joinCertain(call)
    if (joined !== undefined) return joined
    const device = deviceIn(slot)
    if (device === undefined) return { slot }
    if (expected !== undefined && !isSameDevice(device, expected)) {
      throw new NotConfirmedError(
        `vCPU ${request.id} has become another device in the meantime (${device.qomPath}): it was not unplugged`,
      )
    }
    return send(call, slot, device)
  })
}

async function send(call: ChangeCall, slot: VcpuSlot, device: Device): Promise<Asked | { readonly slot: VcpuSlot }> {
  const { driver } = call.vm
  const { firstId, count } = slot
  call.throwIfOver()
  const request = call.ledger.send()
  call.unplugs()
  driver.take({ type: 'unplug-sent', caller: call.caller, firstId, count, device })
  const key = openRemoval(driver.state, firstId)?.key ?? -1
  try {
    // A vCPU of -smp has no id; QEMU takes its path.
    await sendChange(
      call,
      'device_del',
      { id: deviceIdOf(device.qomPath) ?? device.qomPath },
      {
        onAccepted: () => {
          driver.take({ type: 'unplug-accepted', key })
        },
        onRefused: () => {
          driver.take({ type: 'unplug-refused', key })
        },
        onUnsent: () => {
          request.unsent()
          // Nothing is left of it, as after a refusal.
          driver.take({ type: 'unplug-refused', key })
        },
        onSilence: () => {
          driver.take({ type: 'unplug-unanswered', key })
        },
      },
    )
  } catch (error) {
    if (!isRefusal(error)) {
      driver.take({ type: 'left', caller: call.caller, gaveUp: true })
      throw error
    }
    driver.take({ type: 'left', caller: call.caller, gaveUp: false })
    request.refused()
    const after = slotOf((await readAfterRefusal(call))?.slots ?? [], firstId)
    if (after?.qomPath === null) return { slot: after }
    throw error
  }
  request.taken()
  return { key, request, isSent: true }
}

/** The end of the caller's own step; no other change waits for it. */
async function noteAccepted(call: ChangeCall): Promise<void> {
  try {
    await call.steps.note('device_del', 'QEMU accepted the request')
  } catch (error) {
    call.vm.driver.take({ type: 'left', caller: call.caller, gaveUp: true })
    throw error
  }
}

/** The removal once it has ended well; `undefined` when QEMU refused the request that this call had joined. */
async function awaitEnd(call: ChangeCall, { key, request }: Asked): Promise<Removal | undefined> {
  const { driver } = call.vm
  const { caller } = call
  let gaveUp = true
  try {
    const removal = await waitFor(
      call,
      (state: VmState) => ended(state, key),
      () => stillPending(call, key),
    )
    gaveUp = false
    if (removal === 'dropped') {
      request.refused()
      return undefined
    }
    switch (removal.end?.type) {
      case 'refused':
        request.refused()
        throw new GuestRefusedError(removalIds(removal), removal.end.reason)
      case 'forgotten':
        throw new ConnectionError(
          'ERR_CONNECTION_LOST',
          `unplug of vCPU ${String(removalIds(removal))}: another QEMU answers at this address; the one that was asked is gone`,
        )
      default:
        request.done()
        return removal
    }
  } finally {
    driver.take({ type: 'left', caller, gaveUp })
  }
}

function ended({ removals }: VmState, key: number): Removal | 'dropped' | undefined {
  const removal = removals.find((other) => other.key === key)
  if (removal === undefined) return 'dropped'
  return removal.end === undefined ? undefined : removal
}

async function stillPending(call: ChangeCall, key: number): Promise<TimeoutError> {
  const removal = call.vm.driver.state.removals.find((other) => other.key === key)
  const ids = removal === undefined ? String(call.request.id) : String(removalIds(removal))
  const guest = removal?.request === 'guest-working' ? 'the guest is working on it' : 'the guest has not responded'
  const reason = (await reasonForSilence(call)) ?? guest
  const timedOut = `unplug of vCPU ${ids} timed out after ${call.deadline.timeoutMs} ms`
  const { isConnected, lostBy } = call.vm.driver.state
  if (!isConnected && lostBy !== undefined) {
    const message = `${timedOut}: the monitor is lost, and whether the request is still pending is not known`
    return new TimeoutError(message, { cause: lostBy })
  }
  return new TimeoutError(`${timedOut} (${reason}); the request is still pending`)
}

function isOwner(end: RemovalEnd | undefined, caller: number): boolean {
  return end?.type === 'removed' && end.owner === caller
}

function emptied(removal: Removal): Unplugged['slot'] {
  return { firstId: removal.firstId, count: removal.count, ids: removalIds(removal), vcpus: [] }
}
