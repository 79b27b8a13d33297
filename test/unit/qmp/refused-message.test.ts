import { expect, test } from 'vitest'
import { beginsAsEvent, idAtEnd } from '../../../src/qmp/refused-message.ts'

const encode = (text: string) => new TextEncoder().encode(text)

test.each([
  ['{"return": [], "id": 17}', 17],
  ['{"return":[],"id":17}', 17],
  ['{\n    "return": [\n    ],\n    "id": 17\n}', 17],
  ['{"id": 3}', 3],
  [`{"return": "${'x'.repeat(1_000)}", "id": 17}\r`, 17],
  ['{"id": 17, "return": []}', undefined],
  ['{"return": {"id": 17}}', undefined],
  ['{"return": [{"id": 17}]}', undefined],
  ['{"return": "\\"id\\": 17}"}', undefined],
  ['{"return": [], "uid": 17}', undefined],
  ['{"return": [], "id": "17"}', undefined],
  ['{"return": [], "id": -1}', undefined],
  ['{"return": [], "id": 1234567890123456}', undefined],
  ['', undefined],
])('the id at the end of %j', (text, id) => {
  expect(idAtEnd(encode(text))).toBe(id)
})

test.each([
  ['{"timestamp": {"seconds": 1}, "event": "X"}', true],
  ['{"event": "X"}', true],
  [' {\n    "timestamp": {', true],
  ['{"return": {"timestamp": 1}}', false],
  ['[{"timestamp": 1}]', false],
  ['{"timestamps": 1}', false],
  ['', false],
])('%j begins as an event: %s', (text, isEvent) => {
  expect(beginsAsEvent(encode(text))).toBe(isEvent)
})

test('only the ends are looked at', () => {
  const padded = encode(`{"return": "${'x'.repeat(300)}"${' '.repeat(300)}, "id": 17}`)
  expect(idAtEnd(padded)).toBe(17)
  expect(idAtEnd(encode(`{"return": 1, "id": 17${' '.repeat(300)}}`))).toBeUndefined()
  expect(beginsAsEvent(encode(`${' '.repeat(300)}{"event": 1}`))).toBe(false)
})
