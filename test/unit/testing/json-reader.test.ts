import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonReader } from '../../../src/testing/json-reader.ts'

function read(major: number, ...pieces: readonly (string | Uint8Array)[]) {
  const messages: unknown[] = []
  const reader = new JsonReader(major, (message) => {
    messages.push('value' in message ? message.value : message.wrong)
  })
  for (const piece of pieces) reader.push(typeof piece === 'string' ? Buffer.from(piece) : piece)
  return messages
}

/** What QEMU 10.0.13 and 11.1.3 say, seen on both: docs/wire-notes.md. */
describe.each<[text: string, on10: unknown[], on11?: unknown[]]>([
  ['{"a": 1}{"b": {"c": []}}\r\n {"d": "}{\\"]"}\n', [{ a: 1 }, { b: { c: [] } }, { d: '}{"]' }]],
  ['{"a":\n1}\n', [{ a: 1 }]],
  ["{'a':'b\"c','d':'\\''}", [{ a: 'b"c', d: "'" }]],
  ['[1]\n', [[1]]],
  ['12\n', [12]],
  ['1 2\n', [1, 2]],
  ['[[[]]] []', [[[[]]], []]],
  ['{"half": ', []],
  ['\r\n \n', []],
  ['nonsense\n{"a": 1}', ["invalid keyword 'nonsense'", { a: 1 }], ["1:1: invalid keyword 'nonsense'", { a: 1 }]],
  ['{"a" 1}', ['missing : in object pair'], ["1:6: expecting ':'"]],
  ['}{"a": 1}', ['expecting value', { a: 1 }], ['1:1: expecting value', { a: 1 }]],
  ['{"a":1,"a":2}', ['duplicate key'], ['1:12: duplicate key']],
  ['{"b":1,"b":{"c":2}}', ['duplicate key'], ['1:19: duplicate key']],
  ['{"a":1 "b":2}', ['expected separator in dict'], ["1:8: expected ',' or '}'"]],
  ['{"a":1,}', ['expecting value'], ['1:8: expecting key']],
  ['{"a":}', ['expecting value'], ['1:6: expecting value']],
  ['{1:2}', ['key is not a string in object'], ['1:2: expecting key']],
  ['{a:1}', ["invalid keyword 'a'"], ['1:2: expecting key']],
  ['{]', ['expecting value'], ['1:2: expecting key']],
  ['[1,2}', ['expected separator in list'], ["1:6: expected ',' or ']'"]],
  ['[1 2]', ['expected separator in list'], ["1:4: expected ',' or ']'"]],
  ['{"a":[1,{"b":2]}}', ['expected separator in dict'], ["1:16: expected ',' or '}'"]],
  ['{"a":"\\x"}', ['invalid escape sequence in string'], ['1:6: invalid escape sequence in string']],
  ['["\\ud83d\\ude00"]', [['😀']]],
  ['["\\ud83d"]', ['\\ud83d is not a valid Unicode character'], ['1:2: \\ud83d is not a valid Unicode character']],
  ['["\\u00g0"]', ['\\u00g0 is not a valid Unicode character'], ['1:2: \\u00g0 is not a valid Unicode character']],
  ['{"a":01}', ["stray '01'", 'expecting value'], ["1:6: stray '01'", '1:9: expecting value']],
  ['{"a":0e1}', ['expected separator in dict'], ["1:8: expected ',' or '}'"]],
  ['"abc\n{}', [`stray '"abc\n'`, {}], [`1:1: stray '"abc\n'`, {}]],
  ['Abc {}', ["stray 'A'", {}], ["1:1: stray 'A'", {}]],
  ['-x\n{}', ["stray '-x'", {}], ["1:1: stray '-x'", {}]],
  ['1.\n{}', ["stray '1.\n'", {}], ["1:1: stray '1.\n'", {}]],
  ['1.5e\n{}', ["stray '1.5e\n'", {}], ["1:1: stray '1.5e\n'", {}]],
  ['1e5\n', [1e5]],
  ['%p\n', ["stray '%'"], ["1:1: stray '%'"]],
])('%j', (text, on10, on11 = on10) => {
  const worded = (said: unknown) =>
    typeof said === 'string' ? said.replace(/^(\d+:\d+: )?/, '$1JSON parse error, ') : said

  test.each([
    ['10', 10, on10],
    ['11', 11, on11],
  ] as const)('QEMU %s, in one piece and byte by byte', (_, major, said) => {
    expect(read(major, text)).toEqual(said.map(worded))
    expect(read(major, ...Array.from(Buffer.from(text), (byte) => Uint8Array.of(byte)))).toEqual(said.map(worded))
  })
})

test('0xFF throws away what was half read, and is an error wherever it stands', () => {
  const flush = Uint8Array.of(0xff)
  expect(read(10, flush, '{"a": 1}')).toEqual(["JSON parse error, stray '\ufffd'", { a: 1 }])
  expect(read(11, '{"half": "', flush, '\n{"a": 1}')).toEqual([`1:10: JSON parse error, stray '"\ufffd'`, { a: 1 }])
})

test('1,024 levels are read; of one more QEMU 10 makes an error for every bracket after it, 11 only one', () => {
  const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
  expect(read(10, deep(1_024))).toHaveLength(1)
  const wrong = 'JSON nesting depth limit exceeded'
  expect(read(10, deep(1_025))).toEqual([wrong, ...Array<string>(1_025).fill('JSON parse error, expecting value')])
  expect(read(11, `${deep(1_025)}{}`)).toEqual([wrong, {}])
})

test('any objects in any pieces', () => {
  fc.assert(
    fc.property(
      fc.array(fc.dictionary(fc.string(), fc.jsonValue())),
      fc.integer({ min: 1, max: 20 }),
      (objects, size) => {
        const normal = objects.map((each) => JSON.parse(JSON.stringify(each)) as object)
        const bytes = Buffer.from(normal.map((each) => JSON.stringify(each)).join('\n'))
        const pieces: Uint8Array[] = []
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.subarray(at, at + size))
        expect(read(11, ...pieces)).toEqual(normal)
      },
    ),
  )
})
