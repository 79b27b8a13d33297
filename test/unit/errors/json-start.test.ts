import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jsonStart } from '../../../src/errors/json-start.ts'
import { foreignValue, quote } from '../../../src/errors/quote.ts'

test('is what JSON.stringify makes, cut', () => {
  const values = fc.oneof(fc.jsonValue(), fc.object({ withDate: true, withSparseArray: true }))
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 60 }), (value, max) => {
      const json = JSON.stringify(value)
      expect(jsonStart(value, max)).toEqual({ text: json.slice(0, max), isWhole: json.length <= max })
    }),
  )
})

test.each([
  [{ a: undefined, b: () => 1, c: 3 }, '{"c":3}'],
  [[undefined, () => 1], '[null,null]'],
  [Object.create({ inherited: 1 }), '{}'],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [JSON.parse('{"toJSON": 1}'), '{"toJSON":1}'],
  [[new Date(0), NaN], '["1970-01-01T00:00:00.000Z",null]'],
])('%#', (value: unknown, text) => {
  expect(jsonStart(value, 100)).toEqual({ text, isWhole: true })
})

test('a member that is not JSON leaves the others', () => {
  const twice = { x: 1 }
  expect(jsonStart([twice, twice], 100)?.text).toBe('[{"x":1},{"x":1}]')
  expect(jsonStart({ a: 1, b: [1n] }, 100)).toBeUndefined()
})

/** An array of so many elements, each counted when it is looked at. */
function countedArray(length: number) {
  let looked = 0
  const target = Array.from({ length }, () => ({}))
  const value = new Proxy(target, {
    get: (array, key, receiver): unknown => {
      if (typeof key === 'string' && /^\d+$/.test(key)) looked++
      return Reflect.get(array, key, receiver)
    },
  })
  return { value, looked: () => looked }
}

test.each([
  ['foreignValue', (value: unknown) => foreignValue(value, 80)],
  ['quote', quote],
])('%s looks at no more of a value than it shows', (_, show) => {
  const { value, looked } = countedArray(100_000)
  expect(show(value)).toMatch(/^\[(\{\},)+/)
  expect(looked()).toBeLessThan(50)
})

test('a value that is nested without end costs no stack', () => {
  const nested: unknown = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)
  expect(foreignValue(nested, 5)).toBe('[[[[[…')
})

test('a text is cut before it is escaped', () => {
  expect(foreignValue(['x'.repeat(1_000_000)], 5)).toBe('["xxx…')
  expect(foreignValue({ ['k'.repeat(1_000_000)]: 1 }, 5)).toBe('{"kkk…')
  expect(foreignValue('x'.repeat(9), 10)).toBe('"xxxxxxxxx…')
  expect(foreignValue('x'.repeat(8), 10)).toBe('"xxxxxxxx"')
})
