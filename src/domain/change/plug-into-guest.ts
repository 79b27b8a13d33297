import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { AbortError } from '../../errors/abort-error.ts'
import { onlineIds } from '../guest/cpus.ts'
import { takeEvidence, type Evidence } from '../guest/evidence.ts'
import { rematch, sideOf, type GuestView } from '../guest/guest-view.ts'
import { GuestChangeError, guestChangeCodeOf } from './guest-change-error.ts'
import type { Moment } from '../vm/moment.ts'
import type { SlotReading } from '../vm/reading.ts'
import { isKnown, isSureEnough, type KnownVcpuGuest, type VcpuChange } from '../results.ts'
import type { ChangeCall } from './call.ts'
import { failureOf } from './failure.ts'
import { awaitListing, type Listed } from './guest-listing.ts'
import type { GuestTurn } from '../guest/set-online.ts'
import { isOneBoot, turnInGuest } from './guest-turn.ts'
import { pickSlot } from './pick-slot.ts'
import { noteFilled, plugVcpu, type Plugged } from './plug.ts'
import { removedMeanwhile, requireStillThere } from './still-there.ts'
import { undoPlug, undoTurn } from './undo.ts'

/**
 * Fill the slot of a vCPU, if it is empty, and bring its vCPUs up in the guest: wait for the guest's answer and for its
 * list, turn on what is off, and see that it is on.
 *
 * @throws {@link GuestChangeError} when QEMU's part is done and the guest's is not
 */
export async function plugIntoGuest(call: ChangeCall): Promise<VcpuChange> {
  // Asked before anything is plugged: a guest that cannot be asked now could not be asked afterwards either.
  const beforeAt = call.vm.driver.state.now
  const before = await takeEvidence(call.vm, call.deadline, { doubts: CpuMap.of(call.request.id) })
  pickSlot(before.reading, call.request)
  const plugged = await plugVcpu(call)
  let turn: GuestTurn = { turned: CpuMap.empty, failure: undefined }
  let seenAt = beforeAt
  let change: VcpuChange
  try {
    await noteFilled(call, plugged)
    const { guests, ...bringUp } = await listedAndOn(call, plugged, before, beforeAt)
    turn = bringUp.turn
    seenAt = bringUp.seenAt
    if (turn.failure !== undefined) throw turn.failure
    const guest = { ids: idsOf(guests), changed: turn.turned }
    const { slot, deviceId } = plugged
    change = call.result(slot, { changed: deviceId === null ? CpuMap.empty : slot.ids, deviceId, guest })
  } catch (error) {
    const removed = await removedMeanwhile(call, plugged)
    if (removed !== undefined) throw removed
    throw plugged.deviceId === null
      ? await turnFailure(call, turn.turned, seenAt, error)
      : await plugFailure(call, plugged, plugged.deviceId, error)
  }
  await requireStillThere(call, plugged)
  return change
}

/** Wait until they are listed, and turn them on; once more where the guest was reset in between, or may have been. */
async function listedAndOn(
  call: ChangeCall,
  plugged: Plugged,
  before: Evidence,
  beforeAt: Moment,
): Promise<Listed & { readonly turn: GuestTurn }> {
  for (;;) {
    const { guests, seenAt } = await listed(call, plugged, before, beforeAt)
    const turn = await turnOn(call, guests, seenAt)
    if (turn === undefined) continue
    if (turn.failure !== undefined || isOneBoot(call.vm, seenAt)) return { guests, seenAt, turn }
  }
}

/** The guest's part of a plug of ours is a request of its own: QEMU has passed it on, and the guest answers or does not. */
async function listed(call: ChangeCall, plugged: Plugged, before: Evidence, beforeAt: Moment): Promise<Listed> {
  if (plugged.deviceId === null) return awaitGuests(call, plugged, before, beforeAt)
  const request = call.ledger.send()
  try {
    const guests = await awaitGuests(call, plugged, before, beforeAt)
    request.done()
    return guests
  } catch (error) {
    if (error instanceof GuestChangeError) request.refused()
    throw error
  }
}

async function awaitGuests(
  call: ChangeCall,
  { slot, deviceId }: Plugged,
  before: Evidence,
  beforeAt: Moment,
): Promise<Listed> {
  const wasEmpty = slotOf(before.reading.slots, slot.firstId)?.qomPath === null
  if (deviceId === null && isOneBoot(call.vm, beforeAt)) {
    const known = knownAlready(call, slot, before.reading, rematch(call.vm, before.reading, before.view))
    if (known !== undefined) return { guests: known, seenAt: beforeAt }
  }
  // The guest may be slow to list what QEMU has: also a vCPU that an earlier call, or somebody else, has plugged.
  return awaitListing({
    call,
    slot,
    deviceId,
    before: deviceId !== null && wasEmpty ? before : undefined,
    view: before.view,
    seenAt: beforeAt,
  })
}

/** The guest's side of vCPUs that were plugged before; `undefined` where it is not known well enough to touch it. */
function knownAlready(
  call: ChangeCall,
  slot: VcpuSlot,
  { slots }: SlotReading,
  view: GuestView,
): readonly KnownVcpuGuest[] | undefined {
  const { leastConfidence } = call.request
  const known = [...slot.ids].map((id) => sideOf(view, id)).filter(isKnown)
  const runsAll = onlineIds(view.cpus).size === slots.reduce((sum, { vcpus }) => sum + vcpus.length, 0)
  // One that is on already is not touched, so it need not be known so well. But that both count from 0 proves nothing, unless
  // the guest runs as many CPUs as there are vCPUs.
  const isOn = ({ online, confidence }: KnownVcpuGuest): boolean =>
    online && (runsAll || isSureEnough(confidence, 'computed'))
  const isSure = known.every((guest) => isOn(guest) || isSureEnough(guest.confidence, leastConfidence))
  return known.length === slot.count && isSure ? known : undefined
}

/** Turn on those that are off; `undefined` where the guest was reset since they were seen. */
async function turnOn(
  call: ChangeCall,
  guests: readonly KnownVcpuGuest[],
  seenAt: Moment,
): Promise<GuestTurn | undefined> {
  const off = idsOf(guests.filter(({ online }) => !online))
  if (off.size === 0) {
    await call.steps.note('online-in-guest', `CPU ${String(idsOf(guests))} was on already`)
    return { turned: off, failure: undefined }
  }
  const turn = await turnInGuest(call, off, true, seenAt)
  if (turn !== undefined && turn.failure === undefined)
    await call.steps.note('online-in-guest', `turned on CPU ${String(off)}`)
  return turn
}

function idsOf(guests: readonly KnownVcpuGuest[]): CpuMap {
  return CpuMap.from(guests.map(({ id }) => id))
}

/** The error to reject with where only the guest's part was to be done: what it had turned on by then stays on, or was undone. */
async function turnFailure(call: ChangeCall, turned: CpuMap, seenAt: Moment, error: unknown): Promise<unknown> {
  const { request, ledger, steps, deadline } = call
  const cause = failureOf(error, call.what, ledger, deadline.signal)
  if (turned.size === 0 || cause instanceof AbortError) return cause
  const failed = request.rollback ? await undoTurn(call, turned, false, seenAt) : undefined
  const left = !request.rollback
    ? 'stays turned on'
    : failed === undefined
      ? 'was turned off again'
      : `could not be turned off again: ${failed}`
  return new GuestChangeError(`${cause.message}. The guest's CPU ${String(turned)} ${left}`, {
    code: guestChangeCodeOf(cause),
    failedStep: 'online-in-guest',
    steps: steps.done,
    outcome: ledger.outcome,
    cause,
  })
}

/** The error to reject with: QEMU's part stands, or was undone. */
async function plugFailure(call: ChangeCall, { slot }: Plugged, deviceId: string, error: unknown): Promise<unknown> {
  const { request, ledger, steps, deadline } = call
  const cause = failureOf(error, call.what, ledger, deadline.signal)
  if (cause instanceof AbortError) return cause
  const failedStep = error instanceof GuestChangeError ? error.failedStep : nextStep(call)
  const make = (message: string): GuestChangeError =>
    new GuestChangeError(message, {
      code: guestChangeCodeOf(cause),
      failedStep,
      steps: steps.done,
      outcome: ledger.outcome,
      cause: error instanceof GuestChangeError ? error.cause : cause,
    })
  const what = `vCPU ${String(slot.ids)}: ${cause.message}`
  // Where it may be running in the guest, taking it away again would harm and not undo.
  if (!request.rollback || cause.code === 'ERR_UNSURE') {
    const verb = ledger.outcome === 'unknown' ? 'was' : 'stays'
    return make(`${what}. It ${verb} plugged in QEMU; unplug it to undo that`)
  }
  const left = await undoPlug(call, slot, deviceId)
  return make(
    left === undefined ? `${what}. It was unplugged again` : `${what}. It could not be unplugged again: ${left}`,
  )
}

function nextStep({ steps }: ChangeCall): 'slot-filled' | 'listed-in-guest' | 'online-in-guest' {
  const last = steps.done.at(-1)?.step
  if (last === 'device_add') return 'slot-filled'
  return last === 'listed-in-guest' ? 'online-in-guest' : 'listed-in-guest'
}
