import { ContradictionError } from '../../errors/contradiction-error.ts'
import { quote } from '../../errors/quote.ts'
import { MAX_CPU_ID } from '../set/cpu-id.ts'
import { comparePlaces, isLevelId, LEVELS, readPlace } from './place.ts'
import type { HotpluggableCpu } from './replies.ts'

/** A slot of the reply and the first cpu-index that is its own, plugged or not. */
export interface OrderedSlot {
  readonly firstId: number
  readonly slot: HotpluggableCpu
}

/**
 * Numbers the slots as QEMU does: an empty slot has no cpu-index yet, but the one it will get is fixed. Three readings,
 * the first that applies:
 *
 * 1. The core-ids are the running sums of the counts: they are the indexes (s390x, where a slot may sit in any book;
 *    pseries, which counts its core-ids in threads; any machine with one level of topology).
 * 2. Every property is one we understand: QEMU numbers by place, outermost level first (x86: by ascending APIC id, whose
 *    bit fields are in that order). An absent level counts as 0.
 * 3. QEMU has a property that we do not know: it lists its slots in reverse (docs/wire-notes.md).
 *
 * @throws {@link ContradictionError} when two slots are in the same place, a count is not a positive integer, or there
 * are more vCPUs than ids.
 */
export function orderSlots(slots: readonly HotpluggableCpu[]): readonly OrderedSlot[] {
  requireCounts(slots)
  return byCoreId(slots) ?? byPlace(slots) ?? number([...slots].reverse())
}

function requireCounts(slots: readonly HotpluggableCpu[]): void {
  let total = 0
  for (const slot of slots) {
    const count = slot['vcpus-count']
    if (!Number.isInteger(count) || count < 1) {
      throw new ContradictionError(
        `query-hotpluggable-cpus says vcpus-count ${quote(count)} for slot ${quote(slot.props)}, and a slot holds at least one whole vCPU`,
      )
    }
    total += count
    if (total > MAX_CPU_ID + 1) {
      throw new ContradictionError(
        `query-hotpluggable-cpus counts ${total} vCPUs up to slot ${quote(slot.props)}, and ids end at ${MAX_CPU_ID}`,
      )
    }
  }
}

function byCoreId(slots: readonly HotpluggableCpu[]): readonly OrderedSlot[] | undefined {
  const owners = new Map<unknown, HotpluggableCpu>()
  for (const slot of slots) {
    const coreId = slot.props['core-id']
    if (!isLevelId(coreId) || owners.has(coreId)) return undefined
    owners.set(coreId, slot)
  }
  const ordered: OrderedSlot[] = []
  let firstId = 0
  for (let slot = owners.get(0); slot !== undefined; slot = owners.get(firstId)) {
    ordered.push({ firstId, slot })
    firstId += slot['vcpus-count']
  }
  return ordered.length === slots.length ? ordered : undefined
}

function byPlace(slots: readonly HotpluggableCpu[]): readonly OrderedSlot[] | undefined {
  if (isDescending(slots)) return number(slots.toReversed())
  const places = placesOf(slots)
  if (places === undefined) return undefined
  const entries = slots.map((_, entry) => entry)
  entries.sort((one, other) => comparePlaces(places, one, other))
  for (const [at, entry] of entries.entries()) {
    const next = entries[at + 1]
    if (next !== undefined && comparePlaces(places, entry, next) === 0) throw samePlace(slots, entry, next)
  }
  return number(entries.flatMap((entry) => slots[entry] ?? []))
}

/** Whether they are listed from the last place to the first, as QEMU lists them: then there is nothing to sort. */
function isDescending(slots: readonly HotpluggableCpu[]): boolean {
  // Of one slot and of the one before it; the first comes before everything.
  const places = new Float64Array(2 * LEVELS).fill(Infinity)
  let at = 0
  for (const { props } of slots) {
    places.fill(0, at * LEVELS, (at + 1) * LEVELS)
    if (!readPlace(props, places, at)) return false
    if (comparePlaces(places, 1 - at, at) <= 0) return false
    at = 1 - at
  }
  return true
}

/** The places of all slots; `undefined` where one has a property that we do not understand. */
function placesOf(slots: readonly HotpluggableCpu[]): Float64Array | undefined {
  const places = new Float64Array(slots.length * LEVELS)
  for (const [at, { props }] of slots.entries()) if (!readPlace(props, places, at)) return undefined
  return places
}

/** @param entries - where in the reply they stand, for the error to name them */
function samePlace(slots: readonly HotpluggableCpu[], ...entries: readonly number[]): ContradictionError {
  const [one = '', other = ''] = entries.map((entry) => `entry ${entry} ${quote(slots[entry]?.props)}`)
  return new ContradictionError(`query-hotpluggable-cpus has two slots in the same place: ${one} and ${other}`)
}

function number(slots: readonly HotpluggableCpu[]): readonly OrderedSlot[] {
  let firstId = 0
  return slots.map((slot) => {
    const ordered = { firstId, slot }
    firstId += slot['vcpus-count']
    return ordered
  })
}
