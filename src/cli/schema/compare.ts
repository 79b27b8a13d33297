import type { Change, Difference, Place } from './difference.ts'
import {
  elementOf,
  typeOf,
  type Command,
  type EnumValue,
  type ObjectType,
  type Schema,
  type SchemaEvent,
  type SchemaType,
} from './model.ts'
import { compareText } from './read.ts'

/**
 * What `after` has and `before` has not, and the other way round. Types have no names of their own: two are compared where
 * commands or events of the same name use them. A pair that is used at several places is compared once, at the nearest of
 * them, of which the first by name counts.
 *
 * @returns commands first, then events, each sorted by name
 */
export function compareSchemas(before: Schema, after: Schema): readonly Difference[] {
  const comparison = new Comparison(before, after)
  comparison.commands()
  comparison.events()
  comparison.types()
  return comparison.found
    .map((difference, index) => ({ difference, index }))
    .sort((a, b) => orderOf(a.difference, b.difference) || a.index - b.index)
    .map(({ difference }) => difference)
}

function orderOf(a: Difference, b: Difference): number {
  return compareText(a.of, b.of) || compareText(a.name, b.name)
}

/** Two types that are used at the same place. */
interface Pair {
  readonly place: Place
  readonly before: string
  readonly after: string
}

class Comparison {
  readonly found: Difference[] = []
  readonly #before: Schema
  readonly #after: Schema
  readonly #pairs: Pair[] = []
  readonly #seen = new Set<string>()

  constructor(before: Schema, after: Schema) {
    this.#before = before
    this.#after = after
  }

  commands(): void {
    for (const [a, b] of this.#byName('command', this.#before.commands, this.#after.commands)) {
      const place = this.#whole('command', a, b)
      if (a.oob !== b.oob) this.#report(place, { change: b.oob ? 'oob-added' : 'oob-removed' })
      this.#pairs.push({ place: { ...place, at: 'arguments' }, before: a.arguments, after: b.arguments })
      this.#pairs.push({ place: { ...place, at: 'returns' }, before: a.returns, after: b.returns })
    }
  }

  events(): void {
    for (const [a, b] of this.#byName('event', this.#before.events, this.#after.events)) {
      const place = this.#whole('event', a, b)
      this.#pairs.push({ place: { ...place, at: 'data' }, before: a.data, after: b.data })
    }
  }

  /** The list grows while it is read: first come all pairs that are nearer. */
  types(): void {
    for (const { place, before, after } of this.#pairs) {
      const from = elementOf(this.#before, before)
      const to = elementOf(this.#after, after)
      const key = JSON.stringify([from.id, to.id])
      if (from.depth !== to.depth || !isOneKind(typeOf(this.#before, from.id), typeOf(this.#after, to.id))) {
        this.#typeChanged(place, before, after)
      } else if (!this.#seen.has(key)) {
        this.#seen.add(key)
        this.#sameKind({ ...place, at: `${place.at}${'[]'.repeat(to.depth)}` }, from.id, to.id)
      }
    }
  }

  #sameKind(place: Place, before: string, after: string): void {
    const [a, b] = [typeOf(this.#before, before), typeOf(this.#after, after)]
    if (a.kind === 'enum' && b.kind === 'enum') this.#values(place, a.values, b.values)
    if (a.kind === 'object' && b.kind === 'object') {
      if (a.tag !== b.tag) this.#typeChanged(place, before, after)
      this.#objects(place, a, b)
    }
    if (a.kind === 'alternate' && b.kind === 'alternate') this.#choices(place, a.choices, b.choices, before, after)
  }

  #values(place: Place, before: readonly EnumValue[], after: readonly EnumValue[]): void {
    const { removed, added, kept } = sides(before, after)
    for (const { name } of removed) this.#report(place, { change: 'value-removed', value: name })
    for (const { name } of added) this.#report(place, { change: 'value-added', value: name })
    for (const [a, b] of kept) {
      this.#features({ ...place, at: `${place.at}=${b.name}` }, a.features, b.features)
    }
  }

  #objects(place: Place, a: ObjectType, b: ObjectType): void {
    this.#features(place, a.features, b.features)
    const inside = (name: string): Place => ({ ...place, at: `${place.at}.${name}` })
    const { removed, added, kept } = sides(a.members, b.members)
    for (const { name } of removed) this.#report(inside(name), { change: 'member-removed' })
    for (const { name, optional, type } of added) {
      this.#report(inside(name), { change: 'member-added', optional, type: shortName(this.#after, type) })
    }
    for (const [before, after] of kept) {
      if (before.optional !== after.optional) {
        this.#report(inside(after.name), { change: after.optional ? 'became-optional' : 'became-required' })
      }
      this.#features(inside(after.name), before.features, after.features)
      this.#pairs.push({ place: inside(after.name), before: before.type, after: after.type })
    }
    // A value of the tag that one side alone has is a value of an enum that one side alone has.
    for (const { value, type } of b.variants) {
      const before = a.variants.find((variant) => variant.value === value)
      const at = `${place.at}(${b.tag ?? ''}=${value})`
      if (before !== undefined) this.#pairs.push({ place: { ...place, at }, before: before.type, after: type })
    }
  }

  /** JSON tells the choices of an alternate apart, so there is one of each kind at most. */
  #choices(place: Place, before: readonly string[], after: readonly string[], beforeId: string, afterId: string): void {
    const kinds = (schema: Schema, ids: readonly string[]) =>
      ids.map((id) => ({ name: `${kindOf(schema, id)}${'[]'.repeat(elementOf(schema, id).depth)}`, id }))
    const { removed, added, kept } = sides(kinds(this.#before, before), kinds(this.#after, after))
    if (removed.length > 0 || added.length > 0) this.#typeChanged(place, beforeId, afterId)
    for (const [a, b] of kept) this.#pairs.push({ place, before: a.id, after: b.id })
  }

  #typeChanged(place: Place, before: string, after: string): void {
    const [from, to] = [shortName(this.#before, before), shortName(this.#after, after)]
    this.#report(place, { change: 'type-changed', from, to })
  }

  #byName<T extends { readonly name: string }>(
    of: Place['of'],
    before: readonly T[],
    after: readonly T[],
  ): readonly (readonly [T, T])[] {
    const { removed, added, kept } = sides(before, after)
    for (const { name } of removed) this.#report({ of, name, at: '' }, { change: 'removed' })
    for (const { name } of added) this.#report({ of, name, at: '' }, { change: 'added' })
    return kept
  }

  #whole(of: Place['of'], a: Command | SchemaEvent, b: Command | SchemaEvent): Place {
    const place = { of, name: b.name, at: '' }
    this.#features(place, a.features, b.features)
    return place
  }

  #features(place: Place, before: readonly string[], after: readonly string[]): void {
    for (const feature of before) {
      if (!after.includes(feature)) this.#report(place, { change: 'feature-removed', feature })
    }
    for (const feature of after) {
      if (!before.includes(feature)) this.#report(place, { change: 'feature-added', feature })
    }
  }

  #report(place: Place, change: Change): void {
    this.found.push({ ...place, ...change })
  }
}

/** What one list alone has, the other alone, and what both have. */
function sides<T extends { readonly name: string }>(
  before: readonly T[],
  after: readonly T[],
): { readonly removed: readonly T[]; readonly added: readonly T[]; readonly kept: readonly (readonly [T, T])[] } {
  const earlier = new Map(before.map((one) => [one.name, one]))
  const later = new Set(after.map(({ name }) => name))
  const kept: (readonly [T, T])[] = []
  const added: T[] = []
  for (const one of after) {
    const same = earlier.get(one.name)
    if (same === undefined) added.push(one)
    else kept.push([same, one])
  }
  return { removed: before.filter(({ name }) => !later.has(name)), added, kept }
}

/** Two types of one kind are compared part by part; of two kinds there is only that to say. */
function isOneKind(a: SchemaType, b: SchemaType): boolean {
  return a.kind === 'builtin' && b.kind === 'builtin' ? a.json === b.json : a.kind === b.kind
}

function kindOf(schema: Schema, id: string): string {
  const type = typeOf(schema, id)
  if (type.kind === 'builtin') return type.json
  if (type.kind === 'object' && type.tag !== undefined) return `union by ${type.tag}`
  return type.kind
}

/** A type in a few words: of an array what it is of, of an alternate what it may be. */
function shortName(schema: Schema, id: string): string {
  const { id: element, depth } = elementOf(schema, id)
  const type = typeOf(schema, element)
  const name =
    type.kind === 'alternate'
      ? type.choices.map((choice) => shortName(schema, choice)).join(' | ')
      : kindOf(schema, element)
  return depth > 0 && type.kind === 'alternate' ? `(${name})${'[]'.repeat(depth)}` : `${name}${'[]'.repeat(depth)}`
}
