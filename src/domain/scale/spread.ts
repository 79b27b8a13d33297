import type { VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { quote } from '../../errors/quote.ts'

/** The next slot to change, and why it is this one. */
export interface NextSlot {
  readonly slot: VcpuSlot
  readonly reason: string
}

/** What slots are spread over: its name in words, and the properties that tell one from another. */
export interface Place {
  readonly name: string
  readonly props: readonly string[]
}

/** The slots of one node or socket. */
interface Group {
  readonly label: string
  /** vCPUs plugged, fixed ones too, and as the plan goes on. */
  plugged: number
  /** What can be moved, the next one last. */
  readonly movable: VcpuSlot[]
}

/**
 * The slots to move so that the groups stay as even as they can be: plug where the fewest are plugged, ties to the lowest
 * slot; unplug from the fullest, ties to the highest.
 *
 * @param slots - all of the machine's
 * @param movable - those that can be moved, the ones to prefer first
 * @returns `undefined` when all slots are in one group, so that there is nothing to spread over
 */
export function spreadOrder(
  slots: readonly VcpuSlot[],
  movable: readonly VcpuSlot[],
  online: boolean,
  place: Place,
): Iterable<NextSlot> | undefined {
  const groups = groupSlots(slots, movable, place)
  return groups.length > 1 ? picks(groups, online) : undefined
}

function groupSlots(slots: readonly VcpuSlot[], movable: readonly VcpuSlot[], place: Place): readonly Group[] {
  const groups = new Map<string, Group>()
  const groupOf = (slot: VcpuSlot): Group => {
    const label = labelOf(slot, place)
    const group = groups.get(label) ?? { label, plugged: 0, movable: [] }
    groups.set(label, group)
    return group
  }
  for (const slot of slots) groupOf(slot).plugged += slot.vcpus.length
  for (const slot of movable.toReversed()) groupOf(slot).movable.push(slot)
  return [...groups.values()]
}

/** Such as `socket 1`, or `drawer 0 book 1 socket 2`. */
function labelOf({ props }: VcpuSlot, { name, props: keys }: Place): string {
  const told = keys.filter((key) => props[key] !== undefined)
  if (told.length === 0) return `no ${name}`
  return told.map((key) => `${key.replace(/-id$/, '')} ${quote(props[key])}`).join(' ')
}

function* picks(groups: readonly Group[], online: boolean): Generator<NextSlot> {
  for (;;) {
    const { group, isTied } = choose(groups, online)
    const slot = group?.movable.pop()
    if (group === undefined || slot === undefined) return
    yield { slot, reason: reasonFor(group, isTied, online) }
    group.plugged += online ? slot.count : -slot.count
  }
}

function reasonFor({ label, plugged }: Group, isTied: boolean, online: boolean): string {
  const why = online ? 'is the emptiest with a free slot' : 'is the fullest of which one can be unplugged'
  const tie = isTied ? `, ${online ? 'lowest' : 'highest'} of several` : ''
  return `${label} ${why} (${plugged} plugged)${tie}`
}

function choose(groups: readonly Group[], online: boolean): { group: Group | undefined; isTied: boolean } {
  let best: Group | undefined
  let isTied = false
  for (const group of groups) {
    if (group.movable.length === 0) continue
    const order = best === undefined ? -1 : group.plugged - best.plugged
    if (order === 0) isTied = true
    // To plug, fewer and lower is better; to unplug, more and higher.
    const isBetter = best === undefined || (online ? order < 0 : order > 0)
    if (isBetter) isTied = false
    if (isBetter || (order === 0 && isNearer(group, best, online))) best = group
  }
  return { group: best, isTied }
}

function isNearer(group: Group, best: Group | undefined, online: boolean): boolean {
  const [own, other] = [group.movable.at(-1)?.firstId ?? 0, best?.movable.at(-1)?.firstId ?? 0]
  return online ? own < other : own > other
}
