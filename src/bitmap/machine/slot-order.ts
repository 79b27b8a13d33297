import { ContradictionError } from '../../errors/contradiction-error.ts'
import { quote } from '../../errors/quote.ts'
import { MAX_CPU_ID } from '../set/cpu-id.ts'
import type { CpuInstanceProperties, HotpluggableCpu } from './replies.ts'

/** A slot of the reply and the first cpu-index that is its own, plugged or not. */
export interface OrderedSlot {
  readonly firstId: number
  readonly slot: HotpluggableCpu
}

/** From the outermost to the innermost. `node-id` is no level: a NUMA node may own any part of the machine. */
const LEVELS = [
  'drawer-id',
  'book-id',
  'socket-id',
  'die-id',
  'cluster-id',
  'module-id',
  'core-id',
  'thread-id',
] as const
const UNDERSTOOD: ReadonlySet<string> = new Set(['node-id', ...LEVELS])

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
  const keyed: { readonly coreId: number; readonly slot: HotpluggableCpu }[] = []
  for (const slot of slots) {
    const coreId = slot.props['core-id']
    if (!isLevelId(coreId)) return undefined
    keyed.push({ coreId, slot })
  }
  keyed.sort((a, b) => a.coreId - b.coreId)
  const ordered = number(keyed.map(({ slot }) => slot))
  return ordered.every(({ firstId }, at) => firstId === keyed[at]?.coreId) ? ordered : undefined
}

interface PlacedSlot {
  readonly place: readonly number[]
  readonly slot: HotpluggableCpu
  /** Where in the reply it stands, for an error to name it. */
  readonly entry: number
}

function byPlace(slots: readonly HotpluggableCpu[]): readonly OrderedSlot[] | undefined {
  const placed: PlacedSlot[] = []
  for (const [entry, slot] of slots.entries()) {
    const place = placeOf(slot.props)
    if (place === undefined) return undefined
    placed.push({ place, slot, entry })
  }
  placed.sort((a, b) => comparePlaces(a.place, b.place))
  for (const [at, one] of placed.entries()) {
    const next = placed[at + 1]
    if (next !== undefined && comparePlaces(one.place, next.place) === 0) throw samePlace(one, next)
  }
  return number(placed.map(({ slot }) => slot))
}

function placeOf(props: CpuInstanceProperties): readonly number[] | undefined {
  for (const [name, value] of Object.entries(props)) {
    if (!UNDERSTOOD.has(name) || !isLevelId(value)) return undefined
  }
  return LEVELS.map((level) => {
    const id = props[level]
    return isLevelId(id) ? id : 0
  })
}

function comparePlaces(a: readonly number[], b: readonly number[]): number {
  for (const [level, id] of a.entries()) {
    const difference = id - (b[level] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

function samePlace(one: PlacedSlot, other: PlacedSlot): ContradictionError {
  const name = ({ entry, slot }: PlacedSlot): string => `entry ${entry} ${quote(slot.props)}`
  return new ContradictionError(
    `query-hotpluggable-cpus has two slots in the same place: ${name(one)} and ${name(other)}`,
  )
}

function number(slots: readonly HotpluggableCpu[]): readonly OrderedSlot[] {
  let firstId = 0
  return slots.map((slot) => {
    const ordered = { firstId, slot }
    firstId += slot['vcpus-count']
    return ordered
  })
}

function isLevelId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
