import { isMadeAtStart } from '../../bitmap/machine/device-path.ts'
import type { GuestCpu } from '../../bitmap/machine/replies.ts'
import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import type { Confidence, KnownVcpuGuest } from '../results.ts'

/** What is known of the two numberings. */
export interface GuestKnowledge {
  readonly cpus: readonly GuestCpu[]
  /** cpu-index by guest id, from the guest's own `/sys`; `undefined` where it may not be read. */
  readonly exact: ReadonlyMap<number, number> | undefined
  /** Guest id by cpu-index, as seen around changes. */
  readonly observed: ReadonlyMap<number, number>
  /** Guest ids that a rule of the guest's kernel leaves possible, by cpu-index; `undefined` without such a rule. */
  readonly numbers?: ReadonlyMap<number, ReadonlySet<number>> | undefined
}

/**
 * Match QEMU's plugged vCPUs with the guest's CPUs, from the surest knowledge to the least. Each vCPU and each guest CPU
 * is matched once at most; a vCPU whose CPU is not known, or for which the guest has none, is left out.
 *
 * @returns the guest's side of each vCPU, by cpu-index
 */
export function matchGuest(slots: readonly VcpuSlot[], knowledge: GuestKnowledge): ReadonlyMap<number, KnownVcpuGuest> {
  const { cpus, exact, observed, numbers } = knowledge
  const plugged = slots.flatMap((slot) => slot.vcpus)
  const matching = new Matching(
    plugged.map(({ id }) => id),
    cpus,
  )
  if (exact !== undefined) {
    matching.takeUnambiguous([...exact].map(([guestId, index]) => [index, guestId]))
    return matching.result
  }
  for (const [index, guestId] of observed) matching.take(index, guestId, 'observed')
  for (const index of bootPrefix(plugged)) matching.take(index, index, 'computed')
  for (const [index, [number, other]] of numbers ?? []) {
    if (number !== undefined && other === undefined) matching.take(index, number, 'computed')
  }
  const left = matching.onlyPairLeft()
  if (left !== undefined) matching.take(left[0], left[1], 'computed')
  // That both count from 0 is disproved where the guest lists other ids than QEMU runs.
  const listed = new Set(cpus.map((cpu) => cpu['logical-id']))
  if (plugged.every(({ id }) => listed.has(id))) {
    const mayBe = plugged.filter(({ id }) => numbers?.get(id)?.has(id) ?? true)
    for (const { id } of mayBe) matching.take(id, id, 'assumed')
  }
  return matching.result
}

/**
 * vCPUs that QEMU itself made at its start and that fill the slots from 0 on: every firmware lists them first and in
 * order, and every kernel numbers them so at boot.
 */
function bootPrefix(plugged: readonly { readonly id: number; readonly qomPath: string }[]): number[] {
  const prefix: number[] = []
  for (const { id, qomPath } of plugged) {
    if (id !== prefix.length || !isMadeAtStart(qomPath)) break
    prefix.push(id)
  }
  return prefix
}

class Matching {
  readonly result = new Map<number, KnownVcpuGuest>()
  readonly #freeIndices: Set<number>
  readonly #freeCpus: Map<number, GuestCpu>

  constructor(indices: readonly number[], cpus: readonly GuestCpu[]) {
    this.#freeIndices = new Set(indices)
    this.#freeCpus = new Map(cpus.map((cpu) => [cpu['logical-id'], cpu]))
  }

  take(index: number, guestId: number, confidence: Confidence): void {
    const cpu = this.#freeCpus.get(guestId)
    if (cpu === undefined || !this.#freeIndices.delete(index)) return
    this.#freeCpus.delete(guestId)
    const { online, 'can-offline': canOffline = false } = cpu
    this.result.set(index, { id: guestId, online, canOffline, confidence })
  }

  /** The guest may lie: two CPUs that claim to be the same vCPU are neither. */
  takeUnambiguous(pairs: readonly (readonly [index: number, guestId: number])[]): void {
    const claims = new Map<number, number>()
    for (const [index] of pairs) claims.set(index, (claims.get(index) ?? 0) + 1)
    for (const [index, guestId] of pairs) {
      if (claims.get(index) === 1) this.take(index, guestId, 'exact')
    }
  }

  /** The one vCPU and the one guest CPU that are still without a partner, if it is one of each. */
  onlyPairLeft(): readonly [index: number, guestId: number] | undefined {
    const [index, otherIndex] = this.#freeIndices
    const [guestId, otherGuestId] = this.#freeCpus.keys()
    if (index === undefined || otherIndex !== undefined) return undefined
    return guestId === undefined || otherGuestId !== undefined ? undefined : [index, guestId]
  }
}
