import { elementOf, isEmptyObject, typeOf, type Schema } from './model.ts'

/** A type that waits for its name, and the name of the place at which it was found. */
interface Found {
  readonly id: string
  readonly place: string
}

/**
 * Name the types that have numbers alone in the reply. A type is named for the nearest place at which it is used: where that
 * is a command itself, `QueryStatusReturn`; where it is a member of such a type, `QueryStatusReturnStatus`. Of several places
 * that are equally near the first counts, in the order of the names of commands and then of events. So the names depend
 * neither on the numbers of a reply nor on the order of its entities.
 *
 * @returns the names of all objects with members, enums and alternates that are used, by id, in the order in which they were
 *   found
 */
export function nameTypes(schema: Schema): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const queue: Found[] = [
    ...schema.commands.flatMap(({ name, arguments: args, returns }) => [
      { id: args, place: `${pascalCase(name)}Arguments` },
      { id: returns, place: `${pascalCase(name)}Return` },
    ]),
    ...schema.events.map(({ name, data }) => ({ id: data, place: `${pascalCase(name)}Data` })),
  ]
  // The queue grows while it is read: first come all types that are nearer.
  for (const { id, place } of queue) {
    const element = elementOf(schema, id).id
    const type = typeOf(schema, element)
    if (type.kind === 'builtin' || isEmptyObject(type) || names.has(element)) continue
    const name = freeName(place, taken)
    taken.add(name)
    names.set(element, name)
    queue.push(...insideOf(schema, element, name))
  }
  return names
}

/** The types inside of a type, with their places. */
function insideOf(schema: Schema, id: string, name: string): readonly Found[] {
  const type = typeOf(schema, id)
  if (type.kind === 'alternate') {
    // Of its choices one at most is an object, one at most an array, and so on.
    return type.choices.map((choice) => ({ id: choice, place: `${name}${choiceName(schema, choice)}` }))
  }
  if (type.kind !== 'object') return []
  return [
    ...type.members.map((member) => ({ id: member.type, place: `${name}${pascalCase(member.name)}` })),
    ...type.variants.map((variant) => ({ id: variant.type, place: `${name}${pascalCase(variant.value)}` })),
  ]
}

function choiceName(schema: Schema, id: string): string {
  const { kind } = typeOf(schema, id)
  if (kind === 'object') return 'Object'
  return kind === 'array' ? 'List' : 'Choice'
}

/** `query-cpus-fast`, `device_add` and `BLOCK_JOB_READY` as parts of the name of a type. */
function pascalCase(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .filter((part) => part !== '')
    .map((part) => {
      const rest = part.slice(1)
      return part.slice(0, 1).toUpperCase() + (/[a-z]/.test(part) ? rest : rest.toLowerCase())
    })
    .join('')
}

/** `wanted`, or what it becomes where another type has that name already. No name begins with a digit, or is empty. */
function freeName(wanted: string, taken: ReadonlySet<string>): string {
  const base = /^[A-Z]/.test(wanted) ? wanted : `T${wanted}`
  let name = base
  for (let count = 2; taken.has(name); count += 1) name = `${base}${count}`
  return name
}
