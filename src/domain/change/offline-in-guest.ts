import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { AbortError } from '../../errors/abort-error.ts'
import type { VcpuError } from '../../errors/vcpu-error.ts'
import { readGuestView, sideOf, type GuestView } from '../guest/guest-view.ts'
import { wayOut } from '../guest/way-out.ts'
import { RefusedError } from '../errors.ts'
import { isKnown, isSureEnough, type KnownVcpuGuest } from '../results.ts'
import type { Moment } from '../vm/moment.ts'
import type { DatedReading } from '../vm/reading.ts'
import { openRemoval } from '../vm/state.ts'
import type { ChangeCall, GuestPart } from './call.ts'
import { failureOf } from './failure.ts'
import { GuestChangeError, guestChangeCodeOf } from './guest-change-error.ts'
import { turnInGuest } from './guest-turn.ts'
import { undoTurn } from './undo.ts'

/** The guest's part of an unplug. */
export interface OfflinePart extends GuestPart {
  /** What ended it before all were off; `undefined` when they are. */
  readonly failure: VcpuError | undefined
  /** When the guest was asked which of its CPUs they are. */
  readonly seenAt: Moment
}

/**
 * Turn off in the guest exactly the CPUs that are about to be unplugged, or none.
 *
 * @throws {@link RefusedError} `ERR_UNSURE` when it is not known well enough which they are, `ERR_NOT_OFFLINABLE` when the
 *   guest cannot turn one of them off; nothing was sent
 */
export async function offlineInGuest(call: ChangeCall, reading: DatedReading, slot: VcpuSlot): Promise<OfflinePart> {
  const { request, steps, vm, deadline } = call
  const seenAt = vm.driver.state.now
  const view = await readFresh(call, reading, slot)
  const guests = [...slot.ids].flatMap((id) => sureGuest(id, view, call))
  const online = guests.filter((guest) => guest.online)
  const stuck = online.find(({ canOffline }) => !canOffline)
  if (stuck !== undefined) {
    const message = `vCPU ${request.id} cannot be unplugged: the guest cannot turn off its CPU ${stuck.id}`
    throw new RefusedError('ERR_NOT_OFFLINABLE', message, request.id, slot.ids)
  }
  const ids = CpuMap.from(guests.map(({ id }) => id))
  const changed = CpuMap.from(online.map(({ id }) => id))
  if (changed.size === 0) {
    const detail = ids.size > 0 ? `CPU ${String(ids)} was off already` : 'the guest has no CPU for it'
    await steps.note('offline-in-guest', detail)
    return { ids, changed, failure: undefined, seenAt }
  }
  const turn = await turnInGuest(call, changed, false, seenAt)
  // It has renumbered its CPUs: they are looked for again.
  if (turn === undefined) return offlineInGuest(call, await vm.driver.read(deadline), slot)
  const part = { ids, changed: turn.turned, failure: turn.failure, seenAt }
  if (turn.failure !== undefined) return part
  try {
    await steps.note('offline-in-guest', `turned off CPU ${String(changed)}`)
    return part
  } catch (error) {
    // They are off by now, whatever the caller's onStep failed with.
    return { ...part, failure: failureOf(error, call.what, call.ledger, deadline.signal) }
  }
}

/** What is about to be turned off is asked again; that the guest has no CPU for it counts only where nothing else is kept. */
async function readFresh({ vm, deadline }: ChangeCall, reading: DatedReading, slot: VcpuSlot): Promise<GuestView> {
  const view = await readGuestView(vm, reading, deadline, { doubts: slot.ids })
  const isAbsent = [...slot.ids].some((id) => sideOf(view, id) === null)
  return isAbsent ? readGuestView(vm, reading, deadline, { doubts: 'all' }) : view
}

/** The guest's side of one vCPU; none where the guest certainly has none. */
function sureGuest(id: number, view: GuestView, { request: { leastConfidence } }: ChangeCall): KnownVcpuGuest[] {
  const side = sideOf(view, id)
  if (side === null) return []
  if (isKnown(side) && isSureEnough(side.confidence, leastConfidence)) return [side]
  const what = isKnown(side)
    ? `that vCPU ${id} is the guest's CPU ${side.id} is only ${side.confidence}, which is less than ${leastConfidence}`
    : `which CPU of the guest vCPU ${id} is, is not known`
  const consequence = 'nothing was turned off, nothing unplugged'
  throw new RefusedError('ERR_UNSURE', `${what}: ${consequence}; ${wayOut("unplug without the guest's part")}`, id)
}

/**
 * The error of an unplug that failed after CPUs of the guest may have been turned off for it: turn them on again, if asked
 * to, and say what the state is now.
 *
 * @param part - the guest's part: those that are off now because of it
 */
export async function unplugFailure(call: ChangeCall, part: OfflinePart, error: unknown): Promise<unknown> {
  const { ledger, steps, request, deadline } = call
  const { changed: left, seenAt } = part
  const cause = failureOf(error, call.what, ledger, deadline.signal)
  if (left.size === 0 || cause instanceof AbortError) return cause
  const make = (message: string): GuestChangeError =>
    new GuestChangeError(`${cause.message}. ${message}`, {
      code: guestChangeCodeOf(cause),
      failedStep: failedStep(call),
      steps: steps.done,
      outcome: ledger.outcome,
      cause,
    })
  // While the removal may still happen, its CPU must stay off.
  if (isPendingStill(call)) return make(`The guest's CPU ${String(left)} was turned off for it`)
  if (!request.rollback) return make(`The guest's CPU ${String(left)} stays turned off`)
  const failed = await undoTurn(call, left, true, seenAt)
  return failed === undefined
    ? make(`The guest's CPU ${String(left)} was turned on again`)
    : make(`The guest's CPU ${String(left)} could not be turned on again: ${failed}`)
}

function isPendingStill({ vm, request }: ChangeCall): boolean {
  const removal = openRemoval(vm.driver.state, request.id)
  // Also over another connection: it may be the same QEMU.
  return removal !== undefined && removal.request !== 'stale'
}

function failedStep({ steps }: ChangeCall): 'offline-in-guest' | 'device_del' | 'slot-empty' {
  const done = new Set(steps.done.map(({ step }) => step))
  if (done.has('device_del')) return 'slot-empty'
  return done.has('offline-in-guest') ? 'device_del' : 'offline-in-guest'
}
