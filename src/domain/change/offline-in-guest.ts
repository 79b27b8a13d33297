import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { VcpuError, withOutcome } from '../../errors/vcpu-error.ts'
import { Deadline } from '../../wire/deadline.ts'
import { RefusedError } from '../errors.ts'
import { isSureEnough } from '../guest/confidence.ts'
import { readGuestView, type GuestView } from '../guest/guest-view.ts'
import { turnGuestCpus } from '../guest/set-online.ts'
import type { SlotReading } from '../read-slots.ts'
import type { VcpuGuest } from '../results.ts'
import type { Vm } from '../vm.ts'
import { GuestChangeError } from './guest-change-error.ts'
import type { ChangeRequest } from './request.ts'

/** How long turning CPUs on again may take, in milliseconds: the call's own time may be over by then. */
const UNDO_TIMEOUT_MS = 30_000

/** The guest's ids of the vCPUs that are to go, and those among them that were turned off for it. */
export interface OfflinedCpus {
  readonly ids: CpuMap
  readonly changed: CpuMap
}

/**
 * Turn off in the guest exactly the CPUs that are about to be unplugged, or none.
 *
 * @throws {@link RefusedError} `ERR_UNSURE` when it is not known well enough which they are, `ERR_NOT_OFFLINABLE` when the
 *   guest cannot turn one of them off; nothing was sent
 * @throws {@link CommandError} when the guest refuses (`outcome: 'rejected'`)
 */
export async function offlineInGuest(
  vm: Vm,
  request: ChangeRequest,
  reading: SlotReading,
  slot: VcpuSlot,
): Promise<OfflinedCpus> {
  const { deadline, steps } = request
  const qga = vm.requireAgent()
  const view = await readGuestView(vm, qga, reading, deadline).catch((error: unknown) => {
    throw withOutcome(error, 'not-sent')
  })
  const guests = [...slot.ids].flatMap((id) => sureGuest(id, view, request))
  const online = guests.filter((guest) => guest.online)
  const stuck = online.find(({ canOffline }) => !canOffline)
  if (stuck !== undefined) {
    const message = `vCPU ${request.id} cannot be unplugged: the guest cannot turn off its CPU ${stuck.id}`
    throw new RefusedError('ERR_NOT_OFFLINABLE', message, request.id, slot.ids)
  }
  const ids = CpuMap.from(guests.map(({ id }) => id))
  const changed = CpuMap.from(online.map(({ id }) => id))
  if (changed.size > 0) {
    await vm.guestTurns.run(deadline, `guest CPU ${String(changed)}`, () =>
      turnGuestCpus(qga, changed, false, deadline),
    )
    steps.note('offline-in-guest', `turned off CPU ${String(changed)}`)
  } else {
    steps.note('offline-in-guest', ids.size > 0 ? `CPU ${String(ids)} was off already` : 'the guest has no CPU for it')
  }
  return { ids, changed }
}

/** The guest's side of one vCPU; none where the guest certainly has none. */
function sureGuest(id: number, view: GuestView, { leastConfidence }: ChangeRequest): VcpuGuest[] {
  const guest = view.byVcpu.get(id)
  if (guest === undefined && view.isExact) return []
  if (guest !== undefined && isSureEnough(guest.confidence, leastConfidence)) return [guest]
  const what =
    guest === undefined
      ? `which CPU of the guest vCPU ${id} is, is not known`
      : `that vCPU ${id} is the guest's CPU ${guest.id} is only ${guest.confidence}`
  const message = `${what}, which is less than ${leastConfidence}: nothing was turned off, nothing unplugged`
  throw new RefusedError('ERR_UNSURE', message, id)
}

/**
 * The unplug failed after CPUs of the guest were turned off for it: turn them on again, if asked to, and say what the
 * state is now.
 */
export async function reportUnplugFailure(
  vm: Vm,
  request: ChangeRequest,
  offlined: OfflinedCpus | null,
  error: unknown,
): Promise<never> {
  if (offlined === null || offlined.changed.size === 0 || !(error instanceof VcpuError)) throw error
  const { changed } = offlined
  const { steps, rollback } = request
  const make = (message: string, outcome: 'rejected' | 'partial' | 'unknown'): GuestChangeError =>
    new GuestChangeError(message, {
      code: error.code,
      failedStep: steps.done.some(({ step }) => step === 'device_del') ? 'slot-empty' : 'device_del',
      steps: steps.done,
      outcome,
      cause: error,
    })
  // While the removal may still happen, its CPU must stay off.
  if (error.outcome === 'unknown') {
    throw make(`${error.message}. The guest's CPU ${String(changed)} was turned off for it`, 'unknown')
  }
  if (!rollback) throw make(`${error.message}. The guest's CPU ${String(changed)} stays turned off`, 'partial')
  const deadline = new Deadline({ signal: request.deadline.signal }, UNDO_TIMEOUT_MS)
  await vm.guestTurns
    .run(deadline, `guest CPU ${String(changed)}`, () => turnGuestCpus(vm.requireAgent(), changed, true, deadline))
    .catch((second: unknown) => {
      const why = second instanceof Error ? second.message : String(second)
      throw make(`${error.message}. The guest's CPU ${String(changed)} could not be turned on again: ${why}`, 'partial')
    })
  steps.note('undo', `turned on CPU ${String(changed)} again`)
  throw make(`${error.message}. The guest's CPU ${String(changed)} was turned on again`, 'rejected')
}
