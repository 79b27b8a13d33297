import type { Vcpu } from '../../index.ts'
import { placesOf, type Place } from './levels.ts'

/** vCPUs that stand under one heading, such as those of a die. */
export interface Block {
  /** `socket 0 die 1`; `''` where there is only one block. */
  readonly heading: string
  /** What belongs closely together, such as the threads of a core. */
  readonly groups: readonly Group[]
}

/** vCPUs that stand side by side. */
export interface Group {
  readonly ids: readonly number[]
  /** `core 3`; `''` for a group that is just what the block holds. */
  readonly label: string
}

/** More vCPUs than this are not drawn as one group: they get a heading. */
const LARGEST_GROUP = 8

/**
 * Arrange the vCPUs by their topology: the innermost level at which they differ side by side, the level around it as groups, those
 * further out as headings. Where all differ at one level only (one socket of cores) there is one block of one group.
 *
 * @param vcpus - ascending, as `Domain.vcpus` gives them
 */
export function arrange(vcpus: readonly Vcpu[]): readonly Block[] {
  const places = placesOf(vcpus)
  const pathOf = ({ id }: Vcpu): readonly Place[] => places.get(id) ?? []
  const tight = collect(vcpus, (vcpu) => pathOf(vcpu).slice(0, -1))
  const sizes = tight.map(({ members }) => members.length)
  const isTight = tight.length > 1 && Math.max(...sizes) <= LARGEST_GROUP && Math.max(...sizes) > 1
  if (!isTight) {
    const isFlat = Math.max(0, ...sizes) <= 1
    const blocks = isFlat ? [{ path: [], members: vcpus }] : tight
    return blocks.map(({ path, members }) => ({
      heading: nameOf(path),
      groups: [{ ids: members.map(({ id }) => id), label: '' }],
    }))
  }
  return collect(tight, ({ path }) => path.slice(0, -1)).map(({ path, members }) => ({
    heading: nameOf(path),
    groups: members.map((group) => ({ ids: group.members.map(({ id }) => id), label: nameOf(group.path.slice(-1)) })),
  }))
}

interface Collected<T> {
  readonly path: readonly Place[]
  readonly members: T[]
}

/** Put together what has the same path, in the order of the first of each. */
function collect<T>(items: readonly T[], pathOf: (item: T) => readonly Place[]): readonly Collected<T>[] {
  const found = new Map<string, Collected<T>>()
  for (const item of items) {
    const path = pathOf(item)
    const key = nameOf(path)
    const known = found.get(key) ?? { path, members: [] }
    known.members.push(item)
    found.set(key, known)
  }
  return [...found.values()]
}

function nameOf(path: readonly Place[]): string {
  return path.map(({ level, value }) => `${level} ${value}`).join(' ')
}
