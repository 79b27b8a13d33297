import { VcpuError } from '../../errors/vcpu-error.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { TimeoutError } from '../../errors/peer-errors.ts'
import { foreignText } from '../../errors/quote.ts'
import { readGuestText } from '../../qga/read-file.ts'
import { RefusedError } from '../errors.ts'
import { ALLOW_FILES } from '../guest/way-out.ts'
import { isKnown, isSureEnough, type Confidence, type KnownVcpuGuest } from '../results.ts'
import { GuestChangeError } from './guest-change-error.ts'
import { takeEvidence, type Evidence } from '../guest/evidence.ts'
import { observeIds } from '../guest/observe.ts'
import { rematch, sideOf, type GuestView } from '../guest/guest-view.ts'
import type { Moment } from '../vm/moment.ts'
import type { PlugAck } from '../vm/plug.ts'
import type { ChangeCall } from './call.ts'
import { keptForAsking, reasonForSilence } from './silence.ts'

/** How often the guest's list is looked at, in milliseconds: at first, and at last. */
const FIRST_LOOK_MS = 10
const LAST_LOOK_MS = 500
/**
 * How long the guest's list may lag behind its yes, in milliseconds. Linux answers after it has made the CPU's directory,
 * so this is generous; a guest that has not listed it by then never does (docs/wire-notes.md).
 */
const YES_GRACE_MS = 3_000
/** How long a CPU that is listed may have no file that says which it is, in milliseconds: Linux makes that after the CPU. */
const FILES_GRACE_MS = 3_000

/** A vCPU that QEMU runs and the guest is to list. */
export interface Listing {
  readonly call: ChangeCall
  readonly slot: VcpuSlot
  /** The device that this call plugged; `null` where it was plugged before. */
  readonly deviceId: string | null
  /** What was seen just before the plug; `undefined` where it was plugged before. */
  readonly before: Evidence | undefined
  /** What the guest showed a moment ago, and when it was asked. */
  readonly view: GuestView
  readonly seenAt: Moment
}

/** The vCPUs of a slot as CPUs of the guest. */
export interface Listed {
  readonly guests: readonly KnownVcpuGuest[]
  /** When the guest was asked. */
  readonly seenAt: Moment
}

/** What one look at the guest shows of the slot's vCPUs. */
type Look =
  | ({ readonly type: 'listed' } & Listed)
  /** The guest certainly has no CPU for one of them. */
  | { readonly type: 'absent' }
  /** The look was cut short by the end of the call's own time. */
  | { readonly type: 'unseen' }
  /**
   * Which CPU one of them is, is not known; `isFinal`: although the guest lists a CPU for each vCPU. Where its files say
   * which is which, those of a new CPU may be there a moment later than the CPU.
   */
  | { readonly type: 'not-known'; readonly isFinal: boolean; readonly hasFiles: boolean }

/**
 * Wait until the guest lists every vCPU of a slot, each known well enough to be touched.
 *
 * @throws {@link GuestChangeError} when the guest says no, says yes and does nothing, or lists CPUs without a way to tell which is which
 * @throws {@link TimeoutError} when it says nothing at all
 */
export async function awaitListing(listing: Listing): Promise<Listed> {
  const { call } = listing
  const { deadline, vm } = call
  const { clock } = vm.driver
  let acceptedAtMs: number | undefined
  let finalAtMs: number | undefined
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(2 * lookMs, LAST_LOOK_MS)) {
    const ack = ackOf(listing)
    if (ack.type === 'refused') throw await rejected(listing, ack.status)
    if (ack.type === 'accepted' && acceptedAtMs === undefined) {
      acceptedAtMs = clock.now()
      await call.steps.note('guest-acknowledged', 'the guest answered that it took it (_OST status 0)')
    }
    const look = await lookAt(listing)
    if (look.type === 'listed') {
      await noteListed(listing, look.guests, acceptedAtMs !== undefined)
      return look
    }
    const isLate = acceptedAtMs !== undefined && clock.now() - acceptedAtMs > YES_GRACE_MS
    if (look.type === 'absent' && isLate) throw await ignored(listing)
    if (look.type === 'not-known') {
      if (look.isFinal) finalAtMs ??= clock.now()
      const graceMs = look.hasFiles ? FILES_GRACE_MS : 0
      const isFinal = look.isFinal && finalAtMs !== undefined && clock.now() - finalAtMs >= graceMs
      if (isFinal || isLate) throw unsure(listing)
    }
    if (deadline.leftMs <= keptForAsking(deadline)) throw await timedOut(listing, look)
    await vm.driver.pause(lookMs, deadline.earlier(keptForAsking(deadline)), () => ackOf(listing).type !== ack.type)
  }
}

function ackOf({ call, deviceId }: Listing): PlugAck {
  const plug = call.vm.driver.state.plugs.find((other) => other.deviceId === deviceId)
  return plug?.ack ?? { type: 'none' }
}

/** Its answer may come a moment after it lists the CPU; the list is what counts. */
async function noteListed(listing: Listing, guests: readonly KnownVcpuGuest[], isNoted: boolean): Promise<void> {
  const { steps } = listing.call
  if (!isNoted && ackOf(listing).type === 'accepted') {
    await steps.note('guest-acknowledged', 'the guest answered that it took it (_OST status 0)')
  }
  await steps.note('listed-in-guest', `the guest lists it as CPU ${guests.map(({ id }) => id).join(',')}`)
}

async function lookAt(listing: Listing): Promise<Look> {
  const { call, slot, before, deviceId } = listing
  const { vm, deadline } = call
  const seenAt = vm.driver.state.now
  // What another boot said is not built on.
  const known = seenAt.boot === listing.seenAt.boot ? listing.view : undefined
  try {
    // A mute guest must not use up what is kept for asking QEMU why.
    const evidence = await takeEvidence(vm, deadline.earlier(keptForAsking(deadline)), { known })
    const { view } = evidence
    const isFresh = before !== undefined && deviceId !== null && view.exact === undefined
    const ids = isFresh ? observeIds(vm.driver.state, slot, before, evidence) : undefined
    if (ids !== undefined) vm.driver.take({ type: 'observed', ids })
    return sideOfSlot(listing, { ...evidence, view: rematch(vm, evidence.reading, view, ids) }, seenAt)
  } catch (error) {
    // It saw nothing: neither that the guest has no CPU for the vCPU, nor that it has too many.
    if (error instanceof TimeoutError && deadline.leftMs <= keptForAsking(deadline)) return { type: 'unseen' }
    throw error
  }
}

function sideOfSlot(listing: Listing, evidence: Evidence, seenAt: Moment): Look {
  const { slot } = listing
  const least = leastFor(listing)
  const sides = [...slot.ids].map((id) => sideOf(evidence.view, id))
  const guests = sides.filter(isKnown).filter(({ confidence }) => isSureEnough(confidence, least))
  if (guests.length === slot.count) return { type: 'listed', guests, seenAt }
  if (sides.includes(null)) return { type: 'absent' }
  return { type: 'not-known', isFinal: isFinal(listing, evidence), hasFiles: evidence.view.exact !== undefined }
}

/** Whatever is allowed, a fresh plug is not taken for another CPU by assumption. */
function leastFor({ call: { request }, deviceId }: Listing): Confidence {
  const { leastConfidence } = request
  return deviceId === null || isSureEnough(leastConfidence, 'observed') ? leastConfidence : 'observed'
}

/** Nothing that the guest could still list would tell more: it has a CPU for each vCPU of QEMU's. */
function isFinal({ deviceId }: Listing, { reading, view, isSteady }: Evidence): boolean {
  const plugged = reading.slots.reduce((sum, { vcpus }) => sum + vcpus.length, 0)
  if (view.cpus.length <= plugged) return isSteady && view.cpus.length === plugged
  // It lists all CPUs that it could have (pseries), so that only those that it runs show which are there.
  return isSteady && (deviceId === null || view.cpus.filter(({ online }) => online).length >= plugged)
}

async function rejected(listing: Listing, status: number): Promise<GuestChangeError> {
  return guestError(
    listing,
    'ERR_GUEST_REJECTED',
    `the guest answered that it cannot take it (_OST status 0x${status.toString(16)})${await roomOf(listing.call)}`,
    'guest-acknowledged',
  )
}

async function ignored(listing: Listing): Promise<GuestChangeError> {
  return guestError(
    listing,
    'ERR_GUEST_NOT_LISTED',
    `the guest answered that it took it, and does not list it: its kernel ignores the slot${await roomOf(listing.call)}`,
    'listed-in-guest',
  )
}

function unsure(listing: Listing): VcpuError {
  const { id } = listing.call.request
  if (listing.deviceId === null) {
    const message = `vCPU ${id} is plugged, and which CPU of the guest it is, is not known: nothing was turned on; ${ALLOW_FILES}, or accept a lower confidence (--confidence)`
    return new RefusedError('ERR_UNSURE', message, id, listing.slot.ids)
  }
  return guestError(
    listing,
    'ERR_UNSURE',
    `which CPU of the guest it is, is not known: other CPUs came or went beside it; ${ALLOW_FILES}`,
    'listed-in-guest',
  )
}

function guestError(
  { call }: Listing,
  code: 'ERR_GUEST_REJECTED' | 'ERR_GUEST_NOT_LISTED' | 'ERR_UNSURE',
  message: string,
  failedStep: 'guest-acknowledged' | 'listed-in-guest',
): GuestChangeError {
  return new GuestChangeError(message, { code, failedStep, steps: call.steps.done, outcome: 'partial' })
}

async function timedOut({ call }: Listing, look: Look): Promise<VcpuError> {
  const reason = (await reasonForSilence(call)) ?? 'neither QEMU nor the guest gave a reason'
  const { timeoutMs } = call.deadline
  return look.type === 'not-known' || look.type === 'unseen'
    ? new TimeoutError(`which CPU of the guest it is was not known within ${timeoutMs} ms: ${reason}`)
    : new TimeoutError(`the guest did not list it within ${timeoutMs} ms: ${reason}`)
}

/** What the guest's kernel says of its own room for CPUs: the commonest reason. Never the verdict. */
async function roomOf({ vm, deadline }: ChangeCall): Promise<string> {
  try {
    const text = await readGuestText(vm.requireAgent(), '/sys/devices/system/cpu/possible', deadline.timed())
    return ` (CPUs that its kernel has room for: ${foreignText(text, 60)})`
  } catch (error) {
    if (error instanceof VcpuError) return ''
    throw error
  }
}
