import { isPlugged, makeSlot, slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { RefusedError } from '../errors.ts'
import { wayOut } from '../guest/way-out.ts'
import { isKnown, isSureEnough, type Confidence } from '../results.ts'
import { NotReachableError } from './errors.ts'
import { guestStep, planStep, type Plan, type PlanStep } from './plan-step.ts'
import { countPlugged, planScale, type GuestBasis, type PlanBasis, type PlanOptions } from './plan.ts'
import { isSure, whoRuns } from './who-runs.ts'

/**
 * What to turn on in the guest, to plug and to unplug so that the guest runs `target` vCPUs, and no more are plugged. Pure.
 *
 * On the way up what is plugged and does not run comes first. On the way down what does not run goes first, the highest
 * first, then what the policy says; and what is kept and does not run is turned on before anything is unplugged.
 *
 * @throws as {@link planScale}; {@link RefusedError} `ERR_UNSURE` where it matters which vCPUs run and that is not known
 */
export function planGuestScale(basis: PlanBasis, target: number, options: PlanOptions = {}): Plan {
  const { guest } = basis
  if (guest === undefined) return planScale(basis, target, options)
  const least = options.leastConfidence ?? 'observed'
  const runs = whoRuns(basis.slots, guest, least)
  if (runs.unknown.size > 0) throw unsure(runs.unknown.first() ?? 0, guest, countPlugged(basis.slots))
  const slots = basis.slots.map((slot) =>
    canBeTurnedOff(slot, guest, least) ? slot : makeSlot({ ...slot, offlinable: false }),
  )
  const idle = slots.filter((slot) => isPlugged(slot) && slot.vcpus.some(({ id }) => !runs.on.has(id)))
  const from = runs.on.size
  if (countPlugged(slots) < target) {
    const { steps } = planScale({ ...basis, slots }, target, options)
    return { from, to: target, steps: [...idle.map(guestStep), ...steps] }
  }
  const isAllOff = (slot: VcpuSlot): boolean => slot.vcpus.every(({ id }) => !runs.on.has(id))
  try {
    const unplugs = planUnplugs({ ...basis, slots }, target, idle.filter(isAllOff), options)
    requireSure(unplugs, slots, guest, least)
    const goes = new Set(unplugs.map(({ id }) => id))
    const kept = idle.filter(({ firstId }) => !goes.has(firstId))
    return { from, to: target, steps: [...kept.map(guestStep), ...unplugs] }
  } catch (error) {
    if (!(error instanceof NotReachableError)) throw error
    // More stay plugged than asked for, and so many of them can run all the same.
    return planTurnOns(idle, runs.on.size, target, (id) => runs.on.has(id)) ?? rethrow(error)
  }
}

/** Steps that unplug until `target` are left: what does not run first, then by the policy. */
function planUnplugs(basis: PlanBasis, target: number, idle: readonly VcpuSlot[], options: PlanOptions): PlanStep[] {
  let count = countPlugged(basis.slots)
  const steps: PlanStep[] = []
  for (const slot of idle.filter(({ offlinable }) => offlinable).toReversed()) {
    if (count - slot.count < target) break
    steps.push(planStep(slot, false, 'the guest does not run it'))
    count -= slot.count
  }
  const gone = new Set(steps.map(({ id }) => id))
  const slots = basis.slots.map((slot) => (gone.has(slot.firstId) ? emptied(slot) : slot))
  return [...steps, ...planScale({ ...basis, slots }, target, options).steps]
}

/** Turn on what is plugged until exactly `target` run; `undefined` where that cannot be. */
function planTurnOns(
  idle: readonly VcpuSlot[],
  running: number,
  target: number,
  isOn: (id: number) => boolean,
): Plan | undefined {
  const steps: PlanStep[] = []
  let count = running
  for (const slot of idle) {
    if (count >= target) break
    steps.push(guestStep(slot))
    count += slot.vcpus.filter(({ id }) => !isOn(id)).length
  }
  return count === target ? { from: running, to: target, steps } : undefined
}

function emptied(slot: VcpuSlot): VcpuSlot {
  return makeSlot({ ...slot, qomPath: null, vcpus: [], offlinable: false })
}

function canBeTurnedOff({ vcpus }: VcpuSlot, { sideOf }: GuestBasis, least: Confidence): boolean {
  return vcpus.every(({ id }) => {
    const side = sideOf(id)
    return !isKnown(side) || !side.online || side.canOffline || !isSureEnough(side.confidence, least)
  })
}

/** Which CPU of the guest is to be turned off must be known before anything is sent. */
function requireSure(
  steps: readonly PlanStep[],
  slots: readonly VcpuSlot[],
  guest: GuestBasis,
  least: Confidence,
): void {
  for (const { id } of steps) {
    const unsureId = slotOf(slots, id)?.vcpus.find((vcpu) => !isSure(guest.sideOf(vcpu.id), least))?.id
    if (unsureId === undefined) continue
    throw new RefusedError(
      'ERR_UNSURE',
      `which CPU of the guest vCPU ${unsureId} is, is not known; ${WAY_OUT}`,
      unsureId,
    )
  }
}

const WAY_OUT = wayOut("scale without the guest's part")

function unsure(id: number, { running }: GuestBasis, plugged: number): RefusedError {
  const message = `which vCPUs the guest runs is not known: ${plugged} are plugged, and it runs ${running} CPUs; ${WAY_OUT}`
  return new RefusedError('ERR_UNSURE', message, id)
}

function rethrow(error: Error): never {
  throw error
}
