import { expect } from 'vitest'
import type { Guest } from '../../../packages/guest-kit/src/index.ts'
import { VCPU_MAP_KINDS, type Domain, type VcpuMapKind } from '../../../src/index.ts'
import { guestTruth } from '../../oracle/guest-cpus.ts'

/** Every kind of map, as text. */
export type AllMaps = Readonly<Record<VcpuMapKind, string>>

/** Ask for every kind of map, one by one, as a user would. */
export async function allMaps(domain: Domain): Promise<AllMaps> {
  const entries: [string, string][] = []
  for (const kind of VCPU_MAP_KINDS) entries.push([kind, String(await domain.getVcpuMap(kind))])
  return Object.fromEntries(entries) as AllMaps
}

/** The guest's own shell and the agent's maps agree. */
export async function expectGuestAgrees(guest: Guest, domain: Domain): Promise<void> {
  const truth = await guestTruth(guest)
  expect(String(await domain.getVcpuMap('agent-online'))).toBe(truth.online)
  expect(String(await domain.getVcpuMap('agent-possible'))).toBe(truth.present)
}
