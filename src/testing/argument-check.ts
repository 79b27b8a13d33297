import { isObject } from '../wire/message.ts'
import type { CommandArguments } from './command-hooks.ts'
import { Refusal } from './refusal.ts'

type Type = 'string' | 'integer' | 'boolean' | readonly [element: Schema | Type]
/** The members of an object in the order of its schema; those that end in `?` may be left out. */
type Schema = Readonly<Record<string, Type>>

const NOTHING: Schema = {}

/** The arguments of the commands whose schemas are closed; `device_add` takes what its device takes. */
const SCHEMAS: Readonly<Record<string, Schema>> = {
  qmp_capabilities: { 'enable?': ['string'] },
  device_del: { id: 'string' },
  system_reset: NOTHING,
  stop: NOTHING,
  cont: NOTHING,
  quit: NOTHING,
  'qom-get': { path: 'string', property: 'string' },
  'query-accelerators': NOTHING,
  'query-acpi-ospm-status': NOTHING,
  'query-commands': NOTHING,
  'query-cpus-fast': NOTHING,
  'query-current-machine': NOTHING,
  'query-hotpluggable-cpus': NOTHING,
  'query-kvm': NOTHING,
  'query-machines': { 'compat-props?': 'boolean' },
  'query-migrate': NOTHING,
  'query-name': NOTHING,
  'query-qmp-schema': NOTHING,
  'query-status': NOTHING,
  'query-target': NOTHING,
  'query-version': NOTHING,
  'query-yank': NOTHING,
  'guest-sync': { id: 'integer' },
  'guest-sync-delimited': { id: 'integer' },
  'guest-ping': NOTHING,
  'guest-info': NOTHING,
  'guest-get-osinfo': NOTHING,
  'guest-get-vcpus': NOTHING,
  'guest-get-load': NOTHING,
  'guest-get-cpustats': NOTHING,
  'guest-set-vcpus': { vcpus: [{ 'logical-id': 'integer', online: 'boolean', 'can-offline?': 'boolean' }] },
  'guest-file-open': { path: 'string', 'mode?': 'string' },
  'guest-file-read': { handle: 'integer', 'count?': 'integer' },
  'guest-file-close': { handle: 'integer' },
}

/**
 * Checks a command's arguments against its schema, as QAPI does before the command is carried out: member after member,
 * each there and of its type, and then that there is no other.
 *
 * @throws {@link Refusal} in QAPI's words
 */
export function checkArguments(command: string, args: CommandArguments): void {
  const schema = Object.hasOwn(SCHEMAS, command) ? SCHEMAS[command] : undefined
  if (schema !== undefined) checkObject(schema, args, '')
}

function checkObject(schema: Schema, object: CommandArguments, path: string): void {
  const known = Object.entries(schema).map(([member, type]) => {
    const isOptional = member.endsWith('?')
    return { name: isOptional ? member.slice(0, -1) : member, isOptional, type }
  })
  for (const { name, isOptional, type } of known) {
    const isThere = Object.hasOwn(object, name)
    if (isThere) checkValue(type, object[name], `${path}${name}`)
    else if (!isOptional) throw new Refusal(`Parameter '${path}${name}' is missing`)
  }
  const odd = Object.keys(object).find((key) => !known.some(({ name }) => name === key))
  if (odd !== undefined) throw new Refusal(`Parameter '${path}${odd}' is unexpected`)
}

function checkValue(type: Schema | Type, value: unknown, path: string): void {
  if (typeof type === 'string') {
    const isRight = type === 'integer' ? isInt64(value) : typeof value === type
    if (!isRight) throw wrongType(path, type)
  } else if (isList(type)) {
    if (!Array.isArray(value)) throw wrongType(path, 'array')
    for (const [at, element] of value.entries()) checkValue(type[0], element, `${path}[${at}]`)
  } else {
    if (!isObject(value)) throw wrongType(path, 'object')
    checkObject(type, value, `${path}.`)
  }
}

function isList(type: Schema | Exclude<Type, string>): type is readonly [Schema | Type] {
  return Array.isArray(type)
}

function wrongType(path: string, expected: string): Refusal {
  return new Refusal(`Invalid parameter type for '${path}', expected: ${expected}`)
}

function isInt64(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= -(2 ** 63) && Number(value) < 2 ** 63
}
