import type { CommandArguments } from './command-hooks.ts'
import type { MachineKind } from './machine-kind.ts'
import { inDictionaryOrder } from './qdict.ts'
import { Refusal } from './refusal.ts'

/** `core number`: spapr's own setters, which take any integer. */
type PropertyType = 'int32' | 'uint32' | 'core number' | 'boolean' | 'text'

const PLACE: Readonly<Record<string, PropertyType>> = {
  'socket-id': 'int32',
  'core-id': 'int32',
  'thread-id': 'int32',
  'node-id': 'int32',
}
const X86: Readonly<Record<string, PropertyType>> = {
  ...PLACE,
  'die-id': 'int32',
  'module-id': 'int32',
  'apic-id': 'uint32',
  x2apic: 'boolean',
}

/** The properties that a CPU device of each machine takes, of those that concern hotplug. */
const PROPERTIES: Readonly<Record<MachineKind, Readonly<Record<string, PropertyType>>>> = {
  x86: X86,
  'no-hotplug': X86,
  loongarch64: PLACE,
  pseries: { 'core-id': 'core number', 'nr-threads': 'core number', 'node-id': 'int32' },
  s390x: {
    'core-id': 'uint32',
    'socket-id': 'uint32',
    'book-id': 'uint32',
    'drawer-id': 'uint32',
    dedicated: 'boolean',
    entitlement: 'text',
  },
}

const NOT_PROPERTIES: ReadonlySet<string> = new Set(['driver', 'id', 'bus'])

/**
 * The numbers among the properties of a `device_add`, each checked.
 *
 * @throws {@link Refusal} for one that the device does not have, or of another type
 */
export function plugProperties(kind: MachineKind, driver: string, args: CommandArguments): ReadonlyMap<string, number> {
  const numbers = new Map<string, number>()
  const known = PROPERTIES[kind]
  for (const key of inDictionaryOrder(Object.keys(args).filter((name) => !NOT_PROPERTIES.has(name)))) {
    const type = Object.hasOwn(known, key) ? known[key] : undefined
    if (type === undefined) throw new Refusal(`Property '${driver}.${key}' not found`)
    const value = args[key]
    checkProperty(key, type, value)
    if (typeof value === 'number') numbers.set(key, value)
  }
  return numbers
}

function checkProperty(key: string, type: PropertyType, value: unknown): void {
  switch (type) {
    case 'boolean':
    case 'text':
      if (typeof value === (type === 'boolean' ? 'boolean' : 'string')) return
      throw wrongType(key, type === 'boolean' ? 'boolean' : 'string')
    case 'uint32':
      if (!Number.isInteger(value)) throw new Refusal(`Parameter '${key}' expects uint64`)
      if (Number(value) < 0 || Number(value) >= 2 ** 32) throw new Refusal(`Parameter '${key}' expects uint32_t`)
      return
    case 'int32':
      if (!Number.isInteger(value)) throw wrongType(key, 'integer')
      if (Number(value) !== Math.trunc(Number(value)) || Math.abs(Number(value)) >= 2 ** 31) {
        throw new Refusal(`Parameter '${key}' expects int32_t`)
      }
      return
    case 'core number':
      if (!Number.isInteger(value)) throw wrongType(key, 'integer')
      if (key === 'core-id' && Number(value) < 0) throw new Refusal(`Invalid core id ${Number(value)}`)
  }
}

function wrongType(key: string, expected: string): Refusal {
  return new Refusal(`Invalid parameter type for '${key}', expected: ${expected}`)
}
