import fc from 'fast-check'
import { expect, test } from 'vitest'
import { foreignText, foreignValue } from '../../../src/errors/quote.ts'

test.each([
  ['plain words, ümlauts, 漢字, 🐧', 'plain words, ümlauts, 漢字, 🐧'],
  ['\u001b[2Jgone\u0007', '\\u{1b}[2Jgone\\u{7}'],
  ['line\r\nline\ttab\0', 'line\\u{d}\\u{a}line\\u{9}tab\\u{0}'],
  ['\u202egpj.exe', '\\u{202e}gpj.exe'],
  ['\u2066x\u2069\u200b\ufeff', '\\u{2066}x\\u{2069}\\u{200b}\\u{feff}'],
  ['\u2028\u2029\u0085\u009b', '\\u{2028}\\u{2029}\\u{85}\\u{9b}'],
  ['\ud83d alone', '\\u{d83d} alone'],
  ['alone \udc27', 'alone \\u{dc27}'],
])('%j', (text, safe) => {
  expect(foreignText(text)).toBe(safe)
})

test('is cut and says how long it was', () => {
  expect(foreignText('abcdef', 6)).toBe('abcdef')
  expect(foreignText('abcdefg', 6)).toBe('abcdef… (7 characters)')
})

test('a cut inside a character leaves no half of it', () => {
  expect(foreignText('ab🐧', 3)).toBe('ab\\u{d83d}… (4 characters)')
})

test('any text comes out short and without anything that steers a terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 50 }), (text, max) => {
      const safe = foreignText(text, max)
      expect(safe).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      expect(safe.length).toBeLessThanOrEqual(10 * max + 30)
    }),
  )
})

test('values are told as JSON, and what JSON has not by its kind', () => {
  const cycle: unknown[] = []
  cycle.push(cycle)
  expect(foreignValue({ a: '\u001b' })).toBe('{"a":"\\u001b"}')
  expect(foreignValue({ a: '\u202e' })).toBe('{"a":"\\u{202e}"}')
  expect(foreignValue(undefined)).toBe('nothing')
  expect(foreignValue(null)).toBe('null')
  expect(foreignValue(1n)).toBe('no JSON (bigint)')
  expect(foreignValue(() => 1)).toBe('no JSON (function)')
  expect(foreignValue(cycle)).toBe('no JSON (object)')
})
