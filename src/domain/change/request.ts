import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { Deadline } from '../../wire/deadline.ts'
import type { Confidence, VcpuChange } from '../results.ts'
import type { Steps } from './steps.ts'

/** One call of `setVcpuState`, its options filled in. */
export interface ChangeRequest {
  readonly id: number
  readonly online: boolean
  readonly wholeSlot: boolean
  /** Carry it through into the guest. */
  readonly guest: boolean
  readonly rollback: boolean
  readonly leastConfidence: Confidence
  readonly deadline: Deadline
  /** The account of it. */
  readonly steps: Steps
}

/** What all results of a request have in common; the guest's part where there is none. */
export function resultOf(request: ChangeRequest, slot: VcpuSlot): Omit<VcpuChange, 'changed' | 'deviceId'> {
  const { id, online, steps } = request
  return { outcome: 'done', id, online, slot: slot.ids, guest: null, steps: steps.done }
}
