import { foreignValue, type Vcpu } from '../../index.ts'
import { LEVELS } from '../render/topology.ts'

/** Where a vCPU sits at one level: `socket 1`. */
export interface Place {
  readonly level: string
  readonly value: string
}

/** Longest value of a property in a picture, in characters: QEMU's are small numbers. */
const MAX_VALUE = 12

/**
 * Where each vCPU sits, from the widest level to the narrowest, at those levels at which the vCPUs differ. Where QEMU's slot is a
 * core of several threads (pseries), the place in the slot is the thread.
 */
export function placesOf(vcpus: readonly Vcpu[]): ReadonlyMap<number, readonly Place[]> {
  const whole = new Map(vcpus.map((vcpu) => [vcpu.id, allPlaces(vcpu)]))
  const values = new Map<string, Set<string>>()
  for (const places of whole.values()) {
    for (const { level, value } of places) {
      const known = values.get(level) ?? new Set()
      values.set(level, known.add(value))
    }
  }
  const differ = (level: string): boolean => (values.get(level)?.size ?? 0) > 1
  return new Map([...whole].map(([id, places]) => [id, places.filter(({ level }) => differ(level))]))
}

function allPlaces({ id, slot, props }: Vcpu): readonly Place[] {
  const named = LEVELS.flatMap((level) => {
    const key = `${level}-id`
    return Object.hasOwn(props, key) ? [{ level, value: foreignValue(props[key], MAX_VALUE) }] : []
  })
  if (slot.length < 2 || named.some(({ level }) => level === 'thread')) return named
  return [...named, { level: 'thread', value: String(slot.indexOf(id)) }]
}
