import { describe, expect, it } from 'vitest'
import { qgaDeclaration } from '../../../../src/cli/schema/agent.ts'
import { qmpDeclaration } from '../../../../src/cli/schema/declaration.ts'
import { declarationFile } from '../../../../src/cli/schema/heading.ts'
import { readSchema } from '../../../../src/cli/schema/read.ts'
import { comment, literal } from '../../../../src/cli/schema/text.ts'
import { smallSchema } from './small-schema.ts'

const DECLARED = `declare module 'qemu-vcpu/qmp' {
  interface QmpSchemaCommands {
    /** Can be executed out of band. */
    brew: { arguments: BrewArguments; returns: Empty }
    device_add: { arguments: DeviceAddArguments & Readonly<Record<string, unknown>>; returns: Empty }
    'query-brew': { arguments: undefined; returns: readonly QueryBrewReturn[] }
    /**
     * QEMU's features: drains-all.
     * @deprecated QEMU is going to remove it.
     * @experimental QEMU may change or remove it at any time.
     */
    'x-drain': { arguments: DeviceAddArguments; returns: unknown }
  }

  interface QmpSchemaEvents {
    BREW_DONE: QueryBrewReturn
    EMPTY: Empty
  }
}

/** An object without members. */
export type Empty = Readonly<Record<string, never>>

export type BrewArguments = {
  readonly strength: number
} & (
  | ({ readonly kind: 'tea' } & DeviceAddArguments)
  | ({ readonly kind: 'coffee' } & BrewArgumentsCoffee)
  | { readonly kind: 'water' }
)

export interface DeviceAddArguments {
  /** @deprecated QEMU is going to remove it. */
  readonly id: string
}

export interface QueryBrewReturn {
  readonly state: QueryBrewReturnState
  readonly 'cup-size'?: number
  readonly inner: QueryBrewReturnInner
}

export type BrewArgumentsKind = 'tea' | 'coffee' | 'water'

export interface BrewArgumentsCoffee {
  readonly grind: readonly QueryBrewReturnState[]
  readonly next?: BrewArguments
}

export type QueryBrewReturnState = 'cold' | 'it\\'s hot'

export type QueryBrewReturnInner = DeviceAddArguments | string | null
`

describe('a declaration', () => {
  it('has every command, event and type of a schema', () => {
    expect(qmpDeclaration(readSchema(smallSchema()))).toBe(DECLARED)
  })

  it('does not depend on the numbers of the types, nor on the order of the reply', () => {
    const other = [...smallSchema({ numbering: (id) => String(900 - 7 * id) })].reverse()
    expect(qmpDeclaration(readSchema(other))).toBe(DECLARED)
  })

  it('names two types apart that are used at places of one name', () => {
    const type = (name: string) => ({ name, 'meta-type': 'object', members: [{ name, type: 'str' }] })
    const command = (name: string, returns: string) => ({
      ...{ name, 'meta-type': 'command' },
      ...{ 'arg-type': '0', 'ret-type': returns },
    })
    const more = [command('9-lives', 'a'), command('9_lives', 'b'), type('a'), type('b')]
    const text = qmpDeclaration(readSchema(smallSchema({ more })))
    expect(text).toContain("'9-lives': { arguments: undefined; returns: T9LivesReturn }")
    expect(text).toContain("'9_lives': { arguments: undefined; returns: T9LivesReturn2 }")
  })

  it('says which values of an enum have features', () => {
    const more = [{ name: '4', 'meta-type': 'enum', members: [{ name: 'cold', features: ['deprecated'] }] }]
    expect(qmpDeclaration(readSchema(smallSchema({ more })))).toContain(
      "/** 'cold': deprecated. */\nexport type QueryBrewReturnState = 'cold'\n",
    )
  })
})

describe('text of a peer', () => {
  it.each([
    ["a'b", "'a\\'b'"],
    ['a"b', "'a\"b'"],
    ['a\\b\n', "'a\\\\b\\n'"],
  ])('%j is the literal %s', (text, expected) => {
    expect(literal(text)).toBe(expected)
  })

  it('ends no comment', () => {
    expect(comment(['x */ evil()\n// y'], '')).toBe('/** x *\\/ evil() // y */\n')
  })
})

it('a declaration of an agent says which commands are enabled and answer', () => {
  const agent = qgaDeclaration([
    { name: 'guest-ping', enabled: true, answers: true },
    { name: 'guest-shutdown', enabled: false, answers: false },
  ])
  expect(declarationFile(undefined, agent)).toBe(`/* eslint-disable -- generated: it is made again, not mended */
// Made by qemu-vcpu typegen from guest-info; do not edit.
// guest-info names the agent's commands, and says whether each is enabled and answers. What a command takes and returns is not
// known to it, and so not here.

export {}

declare module 'qemu-vcpu/qga' {
  interface QgaListedCommands {
    'guest-ping': { enabled: true; answers: true }
    /**
     * Disabled in this agent.
     * Is not answered when it succeeds: wait for its effect.
     */
    'guest-shutdown': { enabled: false; answers: false }
  }
}
`)
})
