import { elementOf, isEmptyObject, typeOf, type EnumValue, type Member, type ObjectType, type Schema } from './model.ts'
import { comment, featureNotes, literal, memberName } from './text.ts'

/** The type of an object without members: its name and its declaration. */
const EMPTY = 'Empty'
export const EMPTY_DECLARATION = `/** An object without members. */\nexport type ${EMPTY} = Readonly<Record<string, never>>\n`

/** What JSON has, in TypeScript. */
const BUILTINS: ReadonlyMap<string, string> = new Map([
  ['string', 'string'],
  ['number', 'number'],
  ['int', 'number'],
  ['boolean', 'boolean'],
  ['null', 'null'],
  ['object', 'Readonly<Record<string, unknown>>'],
  ['array', 'readonly unknown[]'],
  ['value', 'unknown'],
])

/** Writes the types of one schema. */
export class TypeWriter {
  readonly #schema: Schema
  readonly #names: ReadonlyMap<string, string>

  /** @param names - those of `nameTypes` */
  constructor(schema: Schema, names: ReadonlyMap<string, string>) {
    this.#schema = schema
    this.#names = names
  }

  /** How a type is written where it is used. */
  use(id: string): string {
    const { id: element, depth } = elementOf(this.#schema, id)
    const type = typeOf(this.#schema, element)
    let text = this.#names.get(element) ?? EMPTY
    if (type.kind === 'builtin') text = BUILTINS.get(type.json) ?? 'unknown'
    if (depth === 0) return text
    // `readonly unknown[][]` is an array of arrays that are not readonly.
    const inner = text.startsWith('readonly ') ? `(${text})` : text
    return depth === 1 ? `readonly ${inner}[]` : `${'ReadonlyArray<'.repeat(depth)}${text}${'>'.repeat(depth)}`
  }

  /** The declaration of a named type. */
  declare(id: string, name: string): string {
    const type = typeOf(this.#schema, id)
    switch (type.kind) {
      case 'enum':
        return this.#enum(name, type.values)
      case 'alternate':
        return `export type ${name} = ${type.choices.map((choice) => this.use(choice)).join(' | ')}\n`
      case 'object':
        return type.tag === undefined ? this.#interface(name, type) : this.#union(name, type, type.tag)
      default:
        return ''
    }
  }

  #enum(name: string, values: readonly EnumValue[]): string {
    const notes = values.flatMap(({ name: value, features }) =>
      features.length === 0 ? [] : [`${literal(value)}: ${features.join(', ')}.`],
    )
    const choices = values.map((value) => literal(value.name))
    const onOneLine = `export type ${name} = ${choices.length === 0 ? 'never' : choices.join(' | ')}\n`
    if (onOneLine.length <= 120) return comment(notes, '') + onOneLine
    return `${comment(notes, '')}export type ${name} =\n${choices.map((choice) => `  | ${choice}\n`).join('')}`
  }

  #interface(name: string, { members, features }: ObjectType): string {
    return `${comment(featureNotes(features), '')}export interface ${name} {\n${this.#members(members, '  ')}}\n`
  }

  /** Of each variant the common members, its own, and what the tag is in it. */
  #union(name: string, { members, features, variants }: ObjectType, tag: string): string {
    const common = members.filter((member) => member.name !== tag)
    const base = common.length === 0 ? '' : `{\n${this.#members(common, '  ')}} & `
    const tagMember = members.find((member) => member.name === tag)
    const ofTag = (tagMember?.features ?? []).map((feature) => `${tag}: ${feature}.`)
    const branches = this.#branches(tagMember?.type, variants).map(({ values, type }) => {
      const choice = `{ readonly ${memberName(tag)}: ${values.map(literal).join(' | ')} }`
      return `  | ${type === undefined ? choice : `(${choice} & ${this.use(type)})`}\n`
    })
    const notes = comment([...ofTag, ...featureNotes(features)], '')
    return `${notes}export type ${name} = ${base}(\n${branches.join('')})\n`
  }

  /** The values of the tag by what they add: those that add nothing last. */
  #branches(
    tagType: string | undefined,
    variants: ObjectType['variants'],
  ): readonly { readonly values: readonly string[]; readonly type: string | undefined }[] {
    const byType = new Map<string, string[]>()
    const seen = new Set<string>()
    const plain: string[] = []
    for (const { value, type } of variants) {
      seen.add(value)
      if (isEmptyObject(typeOf(this.#schema, type))) plain.push(value)
      else byType.set(type, [...(byType.get(type) ?? []), value])
    }
    const tag = tagType === undefined ? undefined : typeOf(this.#schema, tagType)
    if (tag?.kind === 'enum') plain.push(...tag.values.map(({ name }) => name).filter((name) => !seen.has(name)))
    const branches = [...byType].map(([type, values]) => ({ values, type }))
    return plain.length === 0 ? branches : [...branches, { values: plain, type: undefined }]
  }

  #members(members: readonly Member[], indent: string): string {
    return members
      .map(({ name, type, optional, features }) => {
        const note = comment(featureNotes(features), indent)
        return `${note}${indent}readonly ${memberName(name)}${optional ? '?' : ''}: ${this.use(type)}\n`
      })
      .join('')
  }
}
