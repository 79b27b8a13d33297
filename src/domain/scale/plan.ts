import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { InputError } from '../../errors/input-error.ts'
import { quote } from '../../errors/quote.ts'
import type { Confidence, VcpuGuest } from '../results.ts'
import { NotReachableError, type NearestCounts } from './errors.ts'
import { orderSlotsBy, type ScalePolicy } from './order.ts'
import { planStep, type Plan, type PlanStep } from './plan-step.ts'

/** What a plan is made from. */
export interface PlanBasis {
  /** Every slot of the machine, ascending. */
  readonly slots: readonly VcpuSlot[]
  /** Why the machine has no vCPU hotplug, in QEMU's own words; `undefined` where it has. */
  readonly noHotplug?: string | undefined
  /** The guest's side; only where the plan is to reach a count that the guest runs. */
  readonly guest?: GuestBasis | undefined
}

/** What a plan needs to know of the guest. */
export interface GuestBasis {
  /** How many CPUs it runs, by its agent's own list. */
  readonly running: number
  /** Its side of a vCPU: known, certainly none (`null`), or not known. */
  readonly sideOf: (id: number) => VcpuGuest | null
}

/** How to choose the slots. */
export interface PlanOptions {
  /** `lowest` unless given. */
  readonly policy?: ScalePolicy | undefined
  /** Reach a count of vCPUs that the guest runs, and not only of plugged ones. Needs the agent. */
  readonly guest?: boolean | undefined
  /** With `guest`: the least confidence at which it counts as known which CPU of the guest a vCPU is. */
  readonly leastConfidence?: Confidence | undefined
}

/**
 * Which slots to plug or unplug so that `target` vCPUs are plugged. Pure; slots are moved whole, each at most once, and
 * those that cannot be unplugged are left alone.
 *
 * @throws {@link InputError} `ERR_COUNT` when `target` is not a count, `ERR_POLICY` for a policy that does not exist
 * @throws {@link NotReachableError} when no plan ends there; it names the nearest counts for which one does
 */
export function planScale(basis: PlanBasis, target: number, options: PlanOptions = {}): Plan {
  const from = countPlugged(basis.slots)
  requireCount(target, basis.slots)
  const online = target > from
  const steps: PlanStep[] = []
  let count = from
  for (const { slot, reason } of orderSlotsBy(options.policy ?? 'lowest', basis.slots, online)) {
    if (count === target) break
    const next = count + (online ? slot.count : -slot.count)
    if (online ? next > target : next < target) throw betweenCounts(target, count, next)
    steps.push(planStep(slot, online, reason))
    count = next
  }
  if (count !== target) throw outOfRange(basis, target, count)
  return { from, to: target, steps }
}

/** How many vCPUs are plugged. */
export function countPlugged(slots: readonly VcpuSlot[]): number {
  return slots.reduce((sum, { vcpus }) => sum + vcpus.length, 0)
}

function requireCount(target: number, slots: readonly VcpuSlot[]): void {
  if (Number.isInteger(target) && target >= 0) return
  const possible = slots.reduce((sum, { count }) => sum + count, 0)
  throw new InputError(
    'ERR_COUNT',
    `${quote(target)} is not a count of vCPUs: expected a whole number, on this machine from ${fixedIds(slots).size} to ${possible}`,
  )
}

function betweenCounts(target: number, count: number, next: number): NotReachableError {
  const nearest = { below: Math.min(count, next), above: Math.max(count, next) }
  return new NotReachableError(
    target,
    nearest,
    `the next slot holds ${nearest.above - nearest.below} vCPUs, which move as one`,
  )
}

/** @param count - where all slots that can be moved lead to */
function outOfRange({ slots, noHotplug }: PlanBasis, target: number, count: number): NotReachableError {
  const nearest: NearestCounts =
    target > count ? { below: count, above: undefined } : { below: undefined, above: count }
  if (noHotplug !== undefined) {
    return new NotReachableError(target, nearest, `this machine type has no vCPU hotplug (QEMU: ${noHotplug})`)
  }
  if (target > count) return new NotReachableError(target, nearest, `this machine has slots for ${count}`)
  return new NotReachableError(target, nearest, `vCPU ${String(fixedIds(slots))} cannot be unplugged`)
}

/** What is plugged and cannot be unplugged. */
function fixedIds(slots: readonly VcpuSlot[]): CpuMap {
  return CpuMap.from(slots.filter(({ offlinable }) => !offlinable).flatMap(({ vcpus }) => vcpus.map(({ id }) => id)))
}
