// The reply to query-qmp-schema as these tests read it, apart from the package's own reading.

/** An element of the reply, of any kind. */
export interface Entity {
  readonly name: string
  readonly 'meta-type': string
  readonly 'arg-type'?: string
  readonly 'ret-type'?: string
  readonly 'element-type'?: string
  readonly members?: readonly { readonly name?: string; readonly type?: string; readonly default?: null }[]
  readonly variants?: readonly { readonly type: string }[]
}

/** What the tests ask of a reply. */
export class RawSchema {
  readonly entities: readonly Entity[]
  readonly #byName: ReadonlyMap<string, Entity>

  constructor(reply: unknown) {
    this.entities = reply as readonly Entity[]
    this.#byName = new Map(this.entities.map((entity) => [entity.name, entity]))
  }

  /** The queries that require no arguments. */
  queries(): readonly string[] {
    return this.entities
      .filter(({ name, 'meta-type': kind }) => kind === 'command' && name.startsWith('query-'))
      .filter((command) => this.#members(command['arg-type']).every((member) => 'default' in member))
      .map(({ name }) => name)
  }

  /** Can the member of what a command returns be anything? */
  isAny(command: string, member: string): boolean {
    const returns = this.#byName.get(command)?.['ret-type']
    const element = this.#byName.get(returns ?? '')?.['element-type'] ?? returns
    const own = this.#members(element)
    const variants = this.#byName.get(element ?? '')?.variants ?? []
    const all = [...own, ...variants.flatMap(({ type }) => this.#members(type))]
    return all.some(({ name, type }) => name === member && type === 'any')
  }

  #members(type: string | undefined): NonNullable<Entity['members']> {
    return this.#byName.get(type ?? '')?.members ?? []
  }
}
