import fc from 'fast-check'
import { expect, test } from 'vitest'
import { JsonScanner } from '../../../src/testing/json-scanner.ts'

function scan(...pieces: readonly (string | Uint8Array)[]) {
  const scanner = new JsonScanner()
  const messages: unknown[] = []
  for (const piece of pieces) scanner.push(Buffer.from(piece as string), (message) => messages.push(message))
  return messages
}

test.each<[string, unknown[]]>([
  ['{"a": 1}', [{ a: 1 }]],
  ['{"a": 1}{"b": {"c": []}}\r\n {"d": "}{\\"]"}\n', [{ a: 1 }, { b: { c: [] } }, { d: '}{"]' }]],
  ['{"a":\n1}\n', [{ a: 1 }]],
  ['nonsense\n{"a": 1}', [undefined, { a: 1 }]],
  ['[1]\n', [undefined]],
  ['{"a" 1}\n', [undefined]],
  ['}\n{"a": 1}', [undefined, { a: 1 }]],
  ['{"half": ', []],
  ['\r\n \n', []],
])('%j', (text, messages) => {
  expect(scan(text)).toEqual(messages)
  expect(scan(...Array.from(text))).toEqual(messages)
})

test('0xFF throws away what was half read, with a complaint only if there was something', () => {
  const flush = Uint8Array.of(0xff)
  expect(scan(flush, '{"a": 1}')).toEqual([{ a: 1 }])
  expect(scan('{"half": "', flush, '{"a": 1}')).toEqual([undefined, { a: 1 }])
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
        expect(scan(...pieces)).toEqual(normal)
      },
    ),
  )
})
