import { devicePath } from '../../bitmap/machine/device-path.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { TimeoutError } from '../../errors/peer-errors.ts'
import { foreignText } from '../../errors/quote.ts'
import type { QgaExecutor } from '../../qga/executor.ts'
import type { Deadline } from '../../wire/deadline.ts'
import { appearedFor } from '../guest/appeared.ts'
import { isSureEnough } from '../guest/confidence.ts'
import { readPossible } from '../guest/cpus.ts'
import { readGuestView, type GuestView } from '../guest/guest-view.ts'
import { matchGuest } from '../guest/match-guest.ts'
import type { VcpuGuest } from '../results.ts'
import type { Vm } from '../vm.ts'
import { GuestChangeError } from './guest-change-error.ts'
import type { PlugWatch } from './plug-watch.ts'
import type { ChangeRequest } from './request.ts'

/** How often the guest's list is looked at, in milliseconds: at first, and at last. */
const FIRST_LOOK_MS = 10
const LAST_LOOK_MS = 500
/**
 * How long the guest's list may lag behind its acknowledgement, in milliseconds. Linux answers after it has made the CPU's
 * directory, so this is generous; a guest that has not listed it by then never does (docs/wire-notes.md).
 */
const ACK_GRACE_MS = 3_000

/** A plug that QEMU has carried out, and what was known before. */
export interface Listing {
  readonly request: ChangeRequest
  readonly slot: VcpuSlot
  readonly deviceId: string
  readonly before: GuestView
  readonly watch: PlugWatch
}

/**
 * Wait until the guest lists every vCPU of a slot that was just plugged.
 *
 * @returns the guest's side of each
 * @throws {@link GuestChangeError} when the guest says no, or says yes and does nothing
 * @throws {@link TimeoutError} when it says nothing at all
 */
export async function awaitListing(vm: Vm, qga: QgaExecutor, listing: Listing): Promise<readonly VcpuGuest[]> {
  const { request, watch } = listing
  const { deadline, steps } = request
  let acceptedAtMs: number | undefined
  const noteAck = (): void => {
    if (watch.answer.ack !== 'accepted' || acceptedAtMs !== undefined) return
    acceptedAtMs = performance.now()
    steps.note('guest-acknowledged', 'the guest answered that it took it (_OST status 0)')
  }
  for (let lookMs = FIRST_LOOK_MS; ; lookMs = Math.min(2 * lookMs, LAST_LOOK_MS)) {
    const { answer } = watch
    if (answer.ack === 'rejected') throw await rejected(qga, listing, answer.status)
    noteAck()
    const guests = await look(vm, qga, listing).catch((error: unknown) => {
      // A look that the end of the call's own time cut short saw nothing, like one that came too early.
      if (error instanceof TimeoutError && deadline.leftMs <= 1) return undefined
      throw error
    })
    if (guests !== undefined) {
      // Its answer may come a moment after it lists the CPU; the list is what counts.
      noteAck()
      steps.note('listed-in-guest', `the guest lists it as CPU ${guests.map(({ id }) => id).join(',')}`)
      return guests
    }
    if (acceptedAtMs !== undefined && performance.now() - acceptedAtMs > ACK_GRACE_MS) {
      throw await ignored(qga, listing)
    }
    if (deadline.leftMs <= 1) {
      throw new TimeoutError(`the guest did not list it within ${deadline.timeoutMs} ms, and did not say why`, {
        outcome: 'unknown',
      })
    }
    await watch.pause(Math.min(lookMs, Math.max(1, deadline.leftMs)), deadline.signal)
  }
}

/** The guest's side of each vCPU of the slot, once all are listed. */
async function look(vm: Vm, qga: QgaExecutor, listing: Listing): Promise<readonly VcpuGuest[] | undefined> {
  const { slot, before, deviceId, request } = listing
  const reading = await vm.read(request.deadline)
  const view = await readGuestView(vm, qga, reading, request.deadline, before)
  if (!view.isExact) {
    for (const [index, guestId] of appearedFor(slot, before.cpus, view.cpus)) {
      vm.observed.note(index, guestId, devicePath(deviceId))
    }
  }
  const byVcpu = view.isExact
    ? view.byVcpu
    : matchGuest(reading.slots, { cpus: view.cpus, exact: undefined, observed: vm.observed.ids })
  const guests = [...slot.ids].map((id) => byVcpu.get(id))
  const sure = guests
    .filter((guest) => guest !== undefined)
    .filter(({ confidence }) => isSureEnough(confidence, 'observed'))
  return sure.length === slot.count ? sure : undefined
}

async function rejected(qga: QgaExecutor, { request }: Listing, status: number): Promise<GuestChangeError> {
  return guestError(
    'ERR_GUEST_REJECTED',
    `the guest answered that it cannot take it (_OST status 0x${status.toString(16)})${await roomOf(qga, request.deadline)}`,
    'guest-acknowledged',
    request,
  )
}

async function ignored(qga: QgaExecutor, { request }: Listing): Promise<GuestChangeError> {
  return guestError(
    'ERR_GUEST_NOT_LISTED',
    `the guest answered that it took it, and does not list it: its kernel ignores the slot${await roomOf(qga, request.deadline)}`,
    'listed-in-guest',
    request,
  )
}

function guestError(
  code: string,
  message: string,
  failedStep: 'guest-acknowledged' | 'listed-in-guest',
  { steps }: ChangeRequest,
): GuestChangeError {
  return new GuestChangeError(message, { code, failedStep, steps: steps.done, outcome: 'partial' })
}

/** What the guest's kernel says of its own room for CPUs: the commonest reason. */
async function roomOf(qga: QgaExecutor, deadline: Deadline): Promise<string> {
  const possible = await readPossible(qga, deadline)
  // A hint for people: where the agent may not read files, the error stands without it.
  return possible === undefined ? '' : ` (CPUs that its kernel has room for: ${foreignText(possible, 60)})`
}
