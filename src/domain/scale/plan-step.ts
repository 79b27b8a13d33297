import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { CpuMap } from '../../bitmap/set/cpu-map.ts'

/** Plug or unplug one slot. */
export interface PlanStep {
  /** The slot's first id. */
  readonly id: number
  /** All of its ids. */
  readonly ids: CpuMap
  /** Plug it, or unplug it? */
  readonly online: boolean
  /** Why this slot, in words. */
  readonly reason: string
  /** `guest`: the slot is plugged already, and its vCPUs are only turned on in the guest. */
  readonly part?: 'guest'
  /** The id that its device is to have; a fresh one unless given. */
  readonly deviceId?: string | undefined
}

/** What is going to be done, before any of it is. */
export interface Plan {
  /** How many vCPUs are plugged now; with `guest`, how many the guest runs. */
  readonly from: number
  /** How many will be. */
  readonly to: number
  /** One for each slot, in the order in which they are carried out; none when nothing is to be done. */
  readonly steps: readonly PlanStep[]
}

/** The step that plugs or unplugs a slot. */
export function planStep(slot: VcpuSlot, online: boolean, reason: string): PlanStep {
  return {
    id: slot.firstId,
    // Made when asked for, as the slot's own: a plan can have thousands of steps.
    get ids() {
      return slot.ids
    },
    online,
    reason,
  }
}

/** The step that turns on in the guest what is plugged and does not run. */
export function guestStep(slot: VcpuSlot): PlanStep {
  const reason = 'plugged, and the guest does not run it'
  return { id: slot.firstId, ids: slot.ids, online: true, reason, part: 'guest' }
}
