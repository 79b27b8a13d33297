import { describe, expect, it } from 'vitest'
import { ProtocolError } from '../../../../src/index.ts'
import { readGuestInfo } from '../../../../src/cli/schema/agent.ts'
import { readSchema } from '../../../../src/cli/schema/read.ts'
import { smallSchema } from './small-schema.ts'

const object = (members: unknown, more: object = {}) => ({ name: '1', 'meta-type': 'object', members, ...more })

describe('a reply that is not a schema', () => {
  it.each<[what: string, reply: unknown, words: RegExp]>([
    ['is not an array', { return: [] }, /the schema is .*, expected an array/],
    ['has what is not an object', ['x'], /an entity of the schema is "x", expected an object/],
    ['has no names', [{ 'meta-type': 'builtin' }], /nothing as name, expected a text/],
    ['has a kind that is not known', [{ name: '1', 'meta-type': 'set' }], /meta-type "set" that is not known/],
    ['has members that are not a list', [object({})], /members is \{\}, expected an array/],
    ['has members without a type', [object([{ name: 'a' }])], /nothing as type/],
    ['names a type that is not there', [object([{ name: 'a', type: '7' }])], /no type "7", which is named in "1"/],
    ['has a tag that is no member', [object([], { tag: 'kind', variants: [] })], /a tag "kind" that is not a member/],
    [
      'has an array of itself',
      [{ name: '[1]', 'meta-type': 'array', 'element-type': '[1]' }],
      /an array "\[1\]" of itself/,
    ],
    [
      'has arguments that are not an object',
      smallSchema({ more: [{ name: 'EMPTY', 'meta-type': 'event', 'arg-type': 'str' }] }),
      /"EMPTY" has members of the type "str"/,
    ],
  ])('%s', (_, reply, words) => {
    expect(() => readSchema(reply)).toThrow(ProtocolError)
    expect(() => readSchema(reply)).toThrow(words)
  })
})

describe('a schema', () => {
  const schema = readSchema(smallSchema())

  it('has its commands and events by name', () => {
    expect(schema.commands.map(({ name }) => name)).toEqual(['brew', 'device_add', 'query-brew', 'x-drain'])
    expect(schema.events.map(({ name }) => name)).toEqual(['BREW_DONE', 'EMPTY'])
  })

  it('takes a member for optional that has a default, whichever', () => {
    expect(schema.types.get('1')).toMatchObject({ members: [{}, { name: 'cup-size', optional: true }, {}] })
  })

  it('of a QEMU before 6.2 has values without features', () => {
    const old = readSchema([{ name: '4', 'meta-type': 'enum', values: ['a'] }])
    expect(old.types.get('4')).toEqual({ kind: 'enum', values: [{ name: 'a', features: [] }] })
  })
})

describe('what an agent lists', () => {
  it('is sorted, and each command once', () => {
    const listed = (name: string, enabled: boolean) => ({
      name,
      enabled,
      'success-response': name !== 'guest-shutdown',
    })
    const reply = { supported_commands: [listed('guest-shutdown', true), listed('guest-ping', false)] }
    expect(readGuestInfo(reply)).toEqual([
      { name: 'guest-ping', enabled: false, answers: true },
      { name: 'guest-shutdown', enabled: true, answers: false },
    ])
  })

  it.each([undefined, {}, { supported_commands: {} }, { supported_commands: [{ name: 'guest-ping' }] }])(
    'is refused where it is %j',
    (reply) => {
      expect(() => readGuestInfo(reply)).toThrow(ProtocolError)
    },
  )
})
