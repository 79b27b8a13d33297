// What `query-qmp-schema` says, as a value. QEMU's qapi/introspect.json describes the reply.

/** A type, by what it is made of. Types are named by the ids of one reply, which differ from one QEMU to the next. */
export type SchemaType =
  | { readonly kind: 'builtin'; readonly json: string }
  | { readonly kind: 'enum'; readonly values: readonly EnumValue[] }
  | { readonly kind: 'array'; readonly element: string }
  | { readonly kind: 'alternate'; readonly choices: readonly string[] }
  | ObjectType

/** One value of an enum. */
export interface EnumValue {
  readonly name: string
  readonly features: readonly string[]
}

/** An object, and where it has a tag, the members that each value of the tag adds. */
export interface ObjectType {
  readonly kind: 'object'
  readonly members: readonly Member[]
  readonly features: readonly string[]
  /** The name of the member that decides between the variants. */
  readonly tag: string | undefined
  /** What each value of the tag adds; a value that is not here adds nothing. */
  readonly variants: readonly Variant[]
}

/** One member of an object. */
export interface Member {
  readonly name: string
  readonly type: string
  readonly optional: boolean
  readonly features: readonly string[]
}

/** The members of the object type `type` are there where the tag is `value`. */
export interface Variant {
  readonly value: string
  readonly type: string
}

/** A command. */
export interface Command {
  readonly name: string
  readonly arguments: string
  readonly returns: string
  /** Can it be executed out of band? */
  readonly oob: boolean
  readonly features: readonly string[]
}

/** An event. */
export interface SchemaEvent {
  readonly name: string
  readonly data: string
  readonly features: readonly string[]
}

/** All that one QEMU offers on its monitor. Every type that is named in it is in `types`. */
export interface Schema {
  /** Sorted by name. */
  readonly commands: readonly Command[]
  /** Sorted by name. */
  readonly events: readonly SchemaEvent[]
  readonly types: ReadonlyMap<string, SchemaType>
}

/** The type of an id that the schema is known to have. */
export function typeOf({ types }: Schema, id: string): SchemaType {
  const type = types.get(id)
  if (type === undefined) throw new Error(`the schema has no type ${id}`)
  return type
}

/** The type of the elements, where it is an array or an array of arrays, and how deep that is. */
export function elementOf(schema: Schema, id: string): { readonly id: string; readonly depth: number } {
  let element = id
  let depth = 0
  for (let type = typeOf(schema, id); type.kind === 'array'; type = typeOf(schema, element)) {
    element = type.element
    depth += 1
  }
  return { id: element, depth }
}

/** Is it an object that has no members in any case? */
export function isEmptyObject(type: SchemaType): boolean {
  return type.kind === 'object' && type.members.length === 0 && type.variants.length === 0
}
