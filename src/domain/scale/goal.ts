import type { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { planGuestScale } from './plan-guest.ts'
import { planStates } from './plan-states.ts'
import type { Plan } from './plan-step.ts'
import { countPlugged, planScale, type PlanBasis, type PlanOptions } from './plan.ts'

/** What a run is to reach. */
export interface Goal {
  /** In words, for messages. */
  readonly what: string
  /** What is left to do; no step when nothing is. Throws where it cannot be reached. */
  readonly plan: (basis: PlanBasis) => Plan
  /** What is wrong although no step is left; `undefined` when nothing is. */
  readonly mismatch: (basis: PlanBasis) => string | undefined
}

/** A count of plugged vCPUs, or of those that the guest runs. */
export function countGoal(target: number, options: PlanOptions): Goal {
  return {
    what: `scaling to ${String(target)} vCPUs`,
    plan: (basis) =>
      basis.guest === undefined ? planScale(basis, target, options) : planGuestScale(basis, target, options),
    mismatch: ({ guest }) =>
      guest === undefined || guest.running === target
        ? undefined
        : `the guest runs ${guest.running} CPUs and not ${target}, and no vCPU is left to change`,
  }
}

/** A state of all vCPUs of a map. */
export function statesGoal(map: CpuMap, online: boolean, wholeSlot = false): Goal {
  return {
    what: `${online ? 'plug' : 'unplug'} of vCPUs ${String(map)}`,
    plan: (basis) => planStates(basis, map, online, wholeSlot),
    mismatch: () => undefined,
  }
}

/** How many vCPUs are plugged, or with a part in the guest, how many it runs. */
export function countOf({ slots, guest }: PlanBasis): number {
  return guest?.running ?? countPlugged(slots)
}
