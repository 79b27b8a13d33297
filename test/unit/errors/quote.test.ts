import fc from 'fast-check'
import { expect, it } from 'vitest'
import { quote } from '../../../src/errors/quote.ts'

it.each([
  ['abc', '"abc"'],
  ['a"b\n', '"a\\"b\\n"'],
  ['\u001b[31m', '"\\u001b[31m"'],
  ['\u202eevil\u0085', '"\\u202eevil\\u0085"'],
  [-1.5, '-1.5'],
  [NaN, 'NaN'],
  [true, 'true'],
  [undefined, 'undefined'],
  [{ 'core-id': 3 }, '{"core-id":3}'],
])('%j is quoted as %s', (value, text) => {
  expect(quote(value)).toBe(text)
})

it('quotes what JSON cannot spell', () => {
  expect(quote(12n)).toBe('12')
})

it('is short and printable whatever it quotes', () => {
  const values = fc.oneof(fc.string({ unit: 'binary', maxLength: 2000 }), fc.jsonValue())
  fc.assert(
    fc.property(values, (value) => {
      const text = quote(value)
      expect(text).toMatch(/^[\x20-\x7e]*$/)
      // Each of 80 characters may have become \uXXXX, twice where it takes two units.
      expect(text.length).toBeLessThanOrEqual(80 * 6 + 5)
    }),
  )
  expect(quote('x'.repeat(1_000_000))).toBe(`"${'x'.repeat(80)}"...`)
})
