import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { isKnown, isSureEnough, type Confidence, type VcpuGuest } from '../results.ts'
import type { GuestBasis } from './plan.ts'

/** Which of the plugged vCPUs the guest runs. */
export interface WhoRuns {
  readonly on: CpuMap
  /** Those of which it cannot be told. */
  readonly unknown: CpuMap
}

/** Is the guest's side known well enough to rely on it? That it certainly has none is known too. */
export function isSure(side: VcpuGuest | null, least: Confidence): boolean {
  return side === null || (isKnown(side) && isSureEnough(side.confidence, least))
}

/**
 * Which of the plugged vCPUs the guest runs: by its side of each, where that is known well enough; and by its count, where
 * that leaves only one possibility: when it runs as many CPUs as there are vCPUs, all of them run.
 */
export function whoRuns(slots: readonly VcpuSlot[], guest: GuestBasis, least: Confidence): WhoRuns {
  const on: number[] = []
  const unknown: number[] = []
  for (const { vcpus } of slots) {
    for (const { id } of vcpus) {
      const side = guest.sideOf(id)
      if (!isSure(side, least)) unknown.push(id)
      else if (isKnown(side) && side.online) on.push(id)
    }
  }
  if (guest.running - on.length !== unknown.length) return { on: CpuMap.from(on), unknown: CpuMap.from(unknown) }
  return { on: CpuMap.from([...on, ...unknown]), unknown: CpuMap.empty }
}
