import type { CpuInstanceProperties } from './replies.ts'

/** How many levels of topology there are, from the drawer to the thread. */
export const LEVELS = 8

/**
 * Read where a slot is: the ids of its levels, from the outermost to the innermost. An absent level counts as 0.
 *
 * @param places - of many slots, one after the other, with 0 in them; what is read goes there
 * @param at - which of them it is
 * @returns `false` where the slot has a property that we do not understand
 */
export function readPlace(props: CpuInstanceProperties, places: Float64Array, at: number): boolean {
  const start = at * LEVELS
  for (const name in props) {
    const value = props[name]
    if (!Object.hasOwn(props, name)) continue
    if (!isLevelId(value)) return false
    // A NUMA node may own any part of the machine: it is no level.
    if (name === 'node-id') continue
    const level = levelOf(name)
    if (level === undefined) return false
    places[start + level] = value
  }
  return true
}

/** Negative where the one comes before the other; 0 for the same place. */
export function comparePlaces(places: Float64Array, one: number, other: number): number {
  const a = one * LEVELS
  const b = other * LEVELS
  for (let level = 0; level < LEVELS; level++) {
    const difference = (places[a + level] ?? 0) - (places[b + level] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

/** Whether it is the id of a level. */
export function isLevelId(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

/** From the outermost to the innermost. Not a map: every property of every slot of every reading comes by here. */
function levelOf(name: string): number | undefined {
  switch (name) {
    case 'drawer-id':
      return 0
    case 'book-id':
      return 1
    case 'socket-id':
      return 2
    case 'die-id':
      return 3
    case 'cluster-id':
      return 4
    case 'module-id':
      return 5
    case 'core-id':
      return 6
    case 'thread-id':
      return 7
    default:
      return undefined
  }
}
