import { foreignValue, ProtocolError } from '../../index.ts'
import type { Command, EnumValue, Member, ObjectType, Schema, SchemaEvent, SchemaType, Variant } from './model.ts'

/**
 * Read the reply to `query-qmp-schema`.
 *
 * @throws {@link ProtocolError} naming what is not as QEMU's qapi/introspect.json has it, or is named and not there
 */
export function readSchema(reply: unknown): Schema {
  const commands: Command[] = []
  const events: SchemaEvent[] = []
  const types = new Map<string, SchemaType>()
  for (const entity of arrayOf(reply, 'the schema')) {
    const info = objectOf(entity, 'an entity of the schema')
    const name = text(info, 'name')
    const kind = text(info, 'meta-type')
    if (kind === 'command') commands.push(readCommand(name, info))
    else if (kind === 'event') events.push({ name, data: text(info, 'arg-type'), features: featuresOf(info) })
    else types.set(name, readType(kind, info))
  }
  const schema = { commands: commands.sort(byName), events: events.sort(byName), types }
  checkReferences(schema)
  return schema
}

type Info = Readonly<Record<string, unknown>>

function readCommand(name: string, info: Info): Command {
  return {
    name,
    arguments: text(info, 'arg-type'),
    returns: text(info, 'ret-type'),
    oob: info['allow-oob'] === true,
    features: featuresOf(info),
  }
}

function readType(kind: string, info: Info): SchemaType {
  switch (kind) {
    case 'builtin':
      return { kind, json: text(info, 'json-type') }
    case 'enum':
      return { kind, values: enumValues(info) }
    case 'array':
      return { kind, element: text(info, 'element-type') }
    case 'alternate':
      return { kind, choices: list(info, 'members').map((choice) => text(choice, 'type')) }
    case 'object':
      return readObject(info)
    default:
      throw new ProtocolError(`the schema has a meta-type ${foreignValue(kind, 80)} that is not known here`)
  }
}

/** QEMU before 6.2 has `values` alone. */
function enumValues(info: Info): readonly EnumValue[] {
  if (info['members'] !== undefined) {
    return list(info, 'members').map((value) => ({ name: text(value, 'name'), features: featuresOf(value) }))
  }
  return texts(info, 'values').map((name) => ({ name, features: [] }))
}

function readObject(info: Info): ObjectType {
  const tag = info['tag'] === undefined ? undefined : text(info, 'tag')
  const members = list(info, 'members').map(readMember)
  if (tag !== undefined && !members.some(({ name }) => name === tag)) {
    throw new ProtocolError(`the schema has a tag ${foreignValue(tag, 80)} that is not a member of its object`)
  }
  return {
    kind: 'object',
    members,
    features: featuresOf(info),
    tag,
    variants: tag === undefined ? [] : list(info, 'variants').map(readVariant),
  }
}

function readMember(info: Info): Member {
  // `default` is there for an optional member; its value is always null so far.
  const optional = Object.hasOwn(info, 'default')
  return { name: text(info, 'name'), type: text(info, 'type'), optional, features: featuresOf(info) }
}

function readVariant(info: Info): Variant {
  return { value: text(info, 'case'), type: text(info, 'type') }
}

function featuresOf(info: Info): readonly string[] {
  return info['features'] === undefined ? [] : texts(info, 'features')
}

function checkReferences({ commands, events, types }: Schema): void {
  const check = (id: string, place: string): SchemaType => {
    const type = types.get(id)
    if (type !== undefined) return type
    throw new ProtocolError(
      `the schema has no type ${foreignValue(id, 80)}, which is named in ${foreignValue(place, 80)}`,
    )
  }
  const checkObject = (id: string, place: string): void => {
    if (check(id, place).kind === 'object') return
    throw new ProtocolError(
      `${foreignValue(place, 80)} has members of the type ${foreignValue(id, 80)}, which is not an object`,
    )
  }
  for (const command of commands) {
    checkObject(command.arguments, command.name)
    check(command.returns, command.name)
  }
  for (const { name, data } of events) checkObject(data, name)
  for (const [name, type] of types) {
    if (type.kind === 'array') checkArray(name, type.element, check)
    if (type.kind === 'alternate') for (const id of type.choices) check(id, name)
    if (type.kind !== 'object') continue
    for (const member of type.members) check(member.type, name)
    for (const variant of type.variants) checkObject(variant.type, name)
  }
}

/** An array of arrays has other elements at some depth. */
function checkArray(name: string, element: string, check: (id: string, place: string) => SchemaType): void {
  const outer = new Set([name])
  for (let id = element, type = check(id, name); type.kind === 'array'; id = type.element, type = check(id, name)) {
    if (outer.has(id)) throw new ProtocolError(`the schema has an array ${foreignValue(name, 80)} of itself`)
    outer.add(id)
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => compareText(a.name, b.name)

/** By code units, so that the order is the same in every locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function arrayOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new ProtocolError(`${place} is ${foreignValue(value, 80)}, expected an array`)
}

function objectOf(value: unknown, place: string): Info {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new ProtocolError(`${place} is ${foreignValue(value, 80)}, expected an object`)
}

function list(info: Info, key: string): readonly Info[] {
  return arrayOf(info[key], key).map((element) => objectOf(element, key))
}

function texts(info: Info, key: string): readonly string[] {
  return arrayOf(info[key], key).map((element) => asText(element, key))
}

function text(info: Info, key: string): string {
  return asText(info[key], key)
}

function asText(value: unknown, key: string): string {
  if (typeof value === 'string') return value
  throw new ProtocolError(`the schema has ${foreignValue(value, 80)} as ${key}, expected a text`)
}
