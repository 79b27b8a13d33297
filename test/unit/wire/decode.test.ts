import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Field } from '../../../src/wire/decode.ts'

const reply = new Field('reply', [{ name: 'a', on: true, count: 3, list: [1, 2], nothing: null }])
const [first = reply] = reply.array()

describe('Field', () => {
  test('reads what is there', () => {
    expect(first.at('name').string()).toBe('a')
    expect(first.at('on').boolean()).toBe(true)
    expect(first.at('count').integer(3, 3)).toBe(3)
    expect(
      first
        .at('list')
        .array(2)
        .map((each) => each.integer(0, 9)),
    ).toEqual([1, 2])
    expect(first.optional('name', (field) => field.string())).toBe('a')
    expect(first.optional('absent', (field) => field.string())).toBeUndefined()
  })

  test.each([
    [
      () => reply.object(),
      'reply is [{"name":"a","on":true,"count":3,"list":[1,2],"nothing":null}], expected an object',
    ],
    [() => first.array(), 'expected an array'],
    [() => first.at('list').array(1), 'reply[0].list is [1,2], expected an array of at most 1 elements'],
    [() => first.at('count').string(), 'reply[0].count is 3, expected a string'],
    [() => first.at('name').boolean(), 'reply[0].name is "a", expected true or false'],
    [() => first.at('absent').string(), 'reply[0].absent is nothing, expected a string'],
    [() => first.at('nothing').at('deeper'), 'reply[0].nothing is null, expected an object'],
    [() => first.optional('nothing', (field) => field.string()), 'reply[0].nothing is null, expected a string'],
    [() => first.at('list').array()[1]?.at('x'), 'reply[0].list[1] is 2, expected an object'],
  ])('names the place and what it found: %#', (read, words) => {
    expect(read).toThrow(
      expect.objectContaining({ name: 'ProtocolError', message: expect.stringContaining(words) as string }) as Error,
    )
  })

  test.each([2.5, 2, 10, '3', null, undefined, NaN, Infinity, -Infinity, 2 ** 53, [3], 3n])(
    'integer(3, 9) refuses %s',
    (value) => {
      expect(() => new Field('n', value).integer(3, 9)).toThrow('expected an integer from 3 to 9')
    },
  )

  test('a key of the prototype is not there', () => {
    expect(new Field('x', {}).at('constructor').value).toBeUndefined()
    expect(new Field('x', JSON.parse('{"__proto__": {"y": 1}}')).at('y').value).toBeUndefined()
  })

  test('a long value is cut', () => {
    expect(() => new Field('x', 'y'.repeat(9_999)).boolean()).toThrow(/^x is "y{79}…, expected/)
  })
})

test('an array has its elements, each with its place; anything else, and one that is too long, is an error', () => {
  const list = new Field('list', ['a', 'b'])
  expect(list.array().map(({ path, value }) => [path, value])).toEqual([
    ['list[0]', 'a'],
    ['list[1]', 'b'],
  ])
  expect(list.array(2)).toHaveLength(2)
  expect(() => list.array(1)).toThrow('list is ["a","b"], expected an array of at most 1 elements')
  for (const value of [{ length: 0 }, 'ab', null, undefined, 1]) {
    expect(() => new Field('x', value).array()).toThrow(/^x is .*, expected an array$/)
  }
})

test('an integer is a number, and nothing that could be made one', () => {
  for (const value of ['5', [5], true, 5.5, NaN, null]) {
    expect(() => new Field('n', value).integer(0, 9)).toThrow('expected an integer from 0 to 9')
  }
  expect(new Field('n', 5).integer(5, 5)).toBe(5)
})

test('a member read in place is what its own field gives, or the same error', () => {
  const values = fc.constantFrom<unknown>(
    undefined,
    null,
    'a',
    '',
    true,
    false,
    0,
    3,
    9,
    10,
    -1,
    2.5,
    NaN,
    {},
    [],
    'x'.repeat(99),
  )
  const objects = fc.oneof(
    values.map((value) => ({ key: value })),
    fc.constantFrom<unknown>({}, JSON.parse('{"__proto__": {"key": 1}}'), null, [], 'text'),
  )
  fc.assert(
    fc.property(objects, fc.constantFrom('key', 'constructor', '__proto__'), (value, key) => {
      const field = new Field('reply', value)
      const pairs: readonly (readonly [inPlace: () => unknown, ownField: () => unknown])[] = [
        [() => field.stringAt(key), () => field.at(key).string()],
        [() => field.booleanAt(key), () => field.at(key).boolean()],
        [() => field.integerAt(key, 0, 9), () => field.at(key).integer(0, 9)],
        [() => field.objectAt(key), () => field.at(key).object()],
        [() => field.optionalStringAt(key), () => field.optional(key, (member) => member.string())],
        [() => field.optionalBooleanAt(key), () => field.optional(key, (member) => member.boolean())],
        [() => field.optionalObjectAt(key), () => field.optional(key, (member) => member.object())],
      ]
      for (const [inPlace, ownField] of pairs) expect(resultOf(inPlace)).toEqual(resultOf(ownField))
    }),
    { numRuns: 500 },
  )
})

function resultOf(read: () => unknown): unknown {
  try {
    return { value: read() }
  } catch (error) {
    return { message: String(error) }
  }
}
