// A small schema, made by hand: what it says is nothing that QEMU says.

const member = (name: string, type: string, more: object = {}) => ({ name, type, ...more })
const object = (name: string, members: readonly object[], more: object = {}): Entity => ({
  name,
  'meta-type': 'object',
  members,
  ...more,
})
const builtin = (name: string, json = name) => ({ name, 'meta-type': 'builtin', 'json-type': json })
const values = (...names: readonly string[]) => ({
  values: names,
  members: names.map((name) => ({ name })),
})

/** Numbers of types, as a reply has them: another QEMU has others for the same types. */
export type Numbering = (id: number) => string

/** An element of a reply. */
export type Entity = { readonly name: string } & Readonly<Record<string, unknown>>

/** What a variation of the schema may say otherwise. */
export interface SmallSchema {
  readonly numbering?: Numbering
  /** More entities, or others of the same name. */
  readonly more?: readonly Entity[]
  readonly without?: readonly string[]
}

/** The reply to `query-qmp-schema` of a machine that brews. */
export function smallSchema({ numbering = String, more = [], without = [] }: SmallSchema = {}): readonly Entity[] {
  const id = numbering
  const base: readonly Entity[] = [
    { name: 'query-brew', 'meta-type': 'command', 'arg-type': id(0), 'ret-type': `[${id(1)}]` },
    { name: 'brew', 'meta-type': 'command', 'arg-type': id(2), 'ret-type': id(0), 'allow-oob': true },
    {
      ...{ name: 'x-drain', 'meta-type': 'command', 'arg-type': id(3), 'ret-type': 'any' },
      features: ['unstable', 'deprecated', 'drains-all'],
    },
    { name: 'device_add', 'meta-type': 'command', 'arg-type': id(3), 'ret-type': id(0) },
    { name: 'BREW_DONE', 'meta-type': 'event', 'arg-type': id(1) },
    { name: 'EMPTY', 'meta-type': 'event', 'arg-type': id(0) },
    object(id(0), []),
    object(id(1), [member('state', id(4)), member('cup-size', 'int', { default: null }), member('inner', id(6))]),
    object(id(2), [member('kind', id(5)), member('strength', 'number')], {
      tag: 'kind',
      variants: [
        { case: 'tea', type: id(3) },
        { case: 'coffee', type: id(7) },
      ],
    }),
    object(id(3), [member('id', 'str', { features: ['deprecated'] })]),
    { name: id(4), 'meta-type': 'enum', ...values('cold', "it's hot") },
    { name: id(5), 'meta-type': 'enum', ...values('tea', 'coffee', 'water') },
    { name: id(6), 'meta-type': 'alternate', members: [{ type: id(3) }, { type: 'str' }, { type: 'null' }] },
    object(id(7), [member('grind', `[${id(4)}]`), member('next', id(2), { default: null })]),
    { name: `[${id(1)}]`, 'meta-type': 'array', 'element-type': id(1) },
    { name: `[${id(4)}]`, 'meta-type': 'array', 'element-type': id(4) },
    ...[builtin('str', 'string'), builtin('int'), builtin('number'), builtin('null'), builtin('any', 'value')],
  ]
  const replaced = new Set([...more.map(({ name }) => name), ...without])
  return [...base.filter(({ name }) => !replaced.has(name)), ...more]
}
