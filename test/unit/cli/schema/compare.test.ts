import { describe, expect, it } from 'vitest'
import { compareSchemas } from '../../../../src/cli/schema/compare.ts'
import { differenceLine } from '../../../../src/cli/schema/difference.ts'
import { readSchema } from '../../../../src/cli/schema/read.ts'
import { smallSchema, type Entity, type SmallSchema } from './small-schema.ts'

const linesBetween = (before: SmallSchema, after: SmallSchema): readonly string[] =>
  compareSchemas(readSchema(smallSchema(before)), readSchema(smallSchema(after))).map(differenceLine)

/** The entity of the small schema, with other members. */
function changed(name: string, change: (entity: Entity) => object): Entity {
  const entity = smallSchema().find((each) => each.name === name)
  if (entity === undefined) throw new Error(`the small schema has no ${name}`)
  return { ...entity, ...change(entity) }
}
const members = (...list: readonly object[]) => ({ members: list })

it('the same schema with other numbers is the same', () => {
  expect(linesBetween({}, { numbering: (id) => String(50 + id) })).toEqual([])
})

describe('a difference is one line', () => {
  it.each<[more: Entity, there: readonly string[], back: readonly string[]]>([
    [
      { name: 'pour', 'meta-type': 'command', 'arg-type': '0', 'ret-type': '0' },
      ['added   command pour'],
      ['removed command pour'],
    ],
    [{ name: 'POURED', 'meta-type': 'event', 'arg-type': '0' }, ['added   event POURED'], ['removed event POURED']],
    [
      changed('brew', () => ({ 'allow-oob': false, features: ['deprecated', 'hot'] })),
      [
        'changed command brew: is deprecated now',
        'changed command brew: feature hot added',
        'changed command brew: can no longer be executed out of band',
      ],
      [
        'changed command brew: is no longer deprecated',
        'changed command brew: feature hot removed',
        'changed command brew: can be executed out of band now',
      ],
    ],
    // Of three places, the nearest and of these the first by name.
    [
      changed('3', () => members({ name: 'id', type: 'str', default: null }, { name: 'bus', type: '[4]' })),
      [
        'changed command device_add: arguments.bus: added, required (enum[])',
        'changed command device_add: arguments.id: is optional now',
        'changed command device_add: arguments.id: is no longer deprecated',
      ],
      [
        'changed command device_add: arguments.bus: removed',
        'changed command device_add: arguments.id: is required now',
        'changed command device_add: arguments.id: is deprecated now',
      ],
    ],
    [
      changed('4', () => members({ name: 'cold', features: ['unstable'] }, { name: 'warm' })),
      [
        'changed command query-brew: returns[].state: value "it\'s hot" removed',
        'changed command query-brew: returns[].state: value "warm" added',
        'changed command query-brew: returns[].state=cold: is unstable now',
      ],
      [
        'changed command query-brew: returns[].state: value "warm" removed',
        'changed command query-brew: returns[].state: value "it\'s hot" added',
        'changed command query-brew: returns[].state=cold: is no longer unstable',
      ],
    ],
    [
      changed('7', () => members({ name: 'grind', type: '4' }, { name: 'next', type: '[1]', default: null })),
      [
        'changed command brew: arguments(kind=coffee).grind: enum[] became enum',
        'changed command brew: arguments(kind=coffee).next: union by kind became object[]',
      ],
      [
        'changed command brew: arguments(kind=coffee).grind: enum became enum[]',
        'changed command brew: arguments(kind=coffee).next: object[] became union by kind',
      ],
    ],
    [
      changed('6', () => members({ type: 'str' }, { type: '[4]' })),
      ['changed command query-brew: returns[].inner: object | string | null became string | enum[]'],
      ['changed command query-brew: returns[].inner: string | enum[] became object | string | null'],
    ],
    [
      changed('2', () => ({ tag: undefined, variants: undefined })),
      ['changed command brew: arguments: union by kind became object'],
      ['changed command brew: arguments: object became union by kind'],
    ],
    [
      changed('query-brew', () => ({ 'ret-type': 'any' })),
      ['changed command query-brew: returns: object[] became value'],
      ['changed command query-brew: returns: value became object[]'],
    ],
  ])('%j', (more, there, back) => {
    // Sorted, where one place has several.
    expect([...linesBetween({}, { more: [more] })].sort()).toEqual([...there].sort())
    expect([...linesBetween({ more: [more] }, {})].sort()).toEqual([...back].sort())
  })
})

it('commands come first, each by name, and then events', () => {
  const without = ['x-drain', 'BREW_DONE', 'EMPTY', 'brew']
  expect(linesBetween({}, { without })).toEqual([
    'removed command brew',
    'removed command x-drain',
    'removed event BREW_DONE',
    'removed event EMPTY',
  ])
})
