import { devicePath } from '../../bitmap/machine/device-path.ts'
import { isPlugged, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { ConnectionError, TimeoutError } from '../../errors/peer-errors.ts'
import { VcpuError, withOutcome } from '../../errors/vcpu-error.ts'
import { Deadline } from '../../wire/deadline.ts'
import { RefusedError } from '../errors.ts'
import { isSureEnough } from '../guest/confidence.ts'
import { readGuestView, type GuestView } from '../guest/guest-view.ts'
import { turnGuestCpus } from '../guest/set-online.ts'
import type { SlotReading } from '../read-slots.ts'
import type { VcpuChange, VcpuGuest } from '../results.ts'
import type { Vm } from '../vm.ts'
import { freshDeviceId } from './device-id.ts'
import { GuestChangeError } from './guest-change-error.ts'
import { awaitListing } from './guest-listing.ts'
import { PlugWatch } from './plug-watch.ts'
import { plugSlot } from './plug.ts'
import { resultOf, type ChangeRequest } from './request.ts'
import { unplugSlot } from './unplug.ts'

/** How long undoing a plug may take, in milliseconds: the call's own time is mostly over by then. */
const UNDO_TIMEOUT_MS = 30_000

/**
 * Plug a slot, if it is empty, and bring its vCPUs up in the guest: wait for the guest's word, for its list, turn on what
 * is off, and see that it is on.
 *
 * @throws {@link GuestChangeError} when QEMU's part is done and the guest's is not
 */
export async function plugIntoGuest(
  vm: Vm,
  request: ChangeRequest,
  reading: SlotReading,
  slot: VcpuSlot,
): Promise<VcpuChange> {
  const { deadline } = request
  const qga = vm.requireAgent()
  // Asked before anything is plugged: a guest that cannot be asked now could not be asked afterwards either.
  const before = await readGuestView(vm, qga, reading, deadline).catch((error: unknown) => {
    throw withOutcome(error, 'not-sent')
  })
  if (isPlugged(slot)) {
    const guests = [...slot.ids].map((id) => sureGuest(id, before, request))
    const changed = await turnOn(vm, request, guests)
    return { ...resultOf(request, slot), changed: CpuMap.empty, deviceId: null, guest: sides(guests, changed) }
  }
  const deviceId = freshDeviceId(slot.firstId)
  const watch = new PlugWatch(vm, slot, deviceId)
  try {
    await plugSlot(vm, slot, request, deviceId)
    const guests = await awaitListing(vm, qga, { request, slot, deviceId, before, watch })
    const changed = await turnOn(vm, request, guests)
    return { ...resultOf(request, slot), changed: slot.ids, deviceId, guest: sides(guests, changed) }
  } catch (error) {
    if (!wasPlugged(request) || !(error instanceof VcpuError)) throw error
    throw await failed(vm, request, slot, deviceId, error)
  } finally {
    watch.close()
  }
}

/** Turn on those that are off; their ids. */
async function turnOn(vm: Vm, { deadline, steps }: ChangeRequest, guests: readonly VcpuGuest[]): Promise<CpuMap> {
  const off = CpuMap.from(guests.filter(({ online }) => !online).map(({ id }) => id))
  const all = CpuMap.from(guests.map(({ id }) => id))
  if (off.size > 0) {
    const qga = vm.requireAgent()
    await vm.guestTurns.run(deadline, `guest CPU ${String(off)}`, () => turnGuestCpus(qga, off, true, deadline))
  }
  steps.note('online-in-guest', off.size > 0 ? `turned on CPU ${String(off)}` : `CPU ${String(all)} was on already`)
  return off
}

function sides(guests: readonly VcpuGuest[], changed: CpuMap): { readonly ids: CpuMap; readonly changed: CpuMap } {
  return { ids: CpuMap.from(guests.map(({ id }) => id)), changed }
}

/** The guest's side of a vCPU that was plugged before, if it is known well enough to touch it. */
function sureGuest(id: number, view: GuestView, { leastConfidence }: ChangeRequest): VcpuGuest {
  const guest = view.byVcpu.get(id)
  // One that is on already is not touched, so it need not be known so well.
  if (guest !== undefined && (guest.online || isSureEnough(guest.confidence, leastConfidence))) return guest
  throw new RefusedError(
    'ERR_UNSURE',
    guest === undefined
      ? `vCPU ${id} is plugged, and the guest lists no CPU for it`
      : `vCPU ${id} is plugged; that it is the guest's CPU ${guest.id} is only ${guest.confidence}, which is less than ` +
          `${leastConfidence}: nothing was turned on`,
    id,
  )
}

function wasPlugged({ steps }: ChangeRequest): boolean {
  return steps.done.some(({ step }) => step === 'device_add')
}

/** The error to tell: QEMU's part stands, or was undone. */
async function failed(
  vm: Vm,
  request: ChangeRequest,
  slot: VcpuSlot,
  deviceId: string,
  cause: VcpuError,
): Promise<Error> {
  const { steps, rollback, deadline } = request
  const failedStep = cause instanceof GuestChangeError ? cause.failedStep : nextStep(request)
  // One that was made here only wants to be told in full.
  const root = cause instanceof GuestChangeError ? cause.cause : cause
  const make = (message: string, outcome: 'rejected' | 'partial' | 'unknown'): GuestChangeError =>
    new GuestChangeError(message, { code: cause.code, failedStep, steps: steps.done, outcome, cause: root })
  const what = `vCPU ${String(slot.ids)}: ${cause.message}`
  if (!rollback) {
    if (isSilence(cause)) return make(`${what}. It was plugged in QEMU; unplug it to undo that`, 'unknown')
    return make(`${what}. It stays plugged in QEMU; unplug it to undo that`, 'partial')
  }
  const undoing = { deadline: new Deadline({ signal: deadline.signal }, UNDO_TIMEOUT_MS), steps }
  try {
    await unplugSlot(vm, slot, devicePath(deviceId), undoing)
    steps.note('undo', `unplugged ${deviceId} again`)
    return make(`${what}. It was unplugged again`, 'rejected')
  } catch (second) {
    if (!(second instanceof VcpuError)) return second instanceof Error ? second : cause
    return make(
      `${what}. It could not be unplugged again: ${second.message}`,
      second.outcome === 'unknown' ? 'unknown' : 'partial',
    )
  }
}

/** Somebody went away or did not answer: nobody knows what the guest does. */
function isSilence(cause: VcpuError): boolean {
  return cause.outcome === 'unknown' || cause instanceof ConnectionError || cause instanceof TimeoutError
}

function nextStep({ steps }: ChangeRequest): 'slot-filled' | 'listed-in-guest' | 'online-in-guest' {
  const last = steps.done.at(-1)?.step
  if (last === 'device_add') return 'slot-filled'
  return last === 'listed-in-guest' ? 'online-in-guest' : 'listed-in-guest'
}
