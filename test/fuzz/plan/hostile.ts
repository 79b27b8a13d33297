import fc from 'fast-check'
import type { Node, Place, Put } from './fault.ts'

/** Text that no message, log or terminal may get as it is: control, bidirectional, invisible and separator characters. */
const hostileTexts = [
  '\u001b[2J\u001b]0;title\u0007',
  '\r\n\u001b[31mforged line',
  'a\u0000b\u0008\u007f\u009b',
  '\u202eevil\u2066\u200b\ufeff',
  '\u2028\u2029\u0085',
  '\ud800',
  '"}\\',
  'é漢🙂',
  'x'.repeat(3_000),
] as const

export const hostileText: fc.Arbitrary<string> = fc.constantFrom(...hostileTexts)

const rawValues = [
  '-1',
  '-0',
  '0.5',
  '1e400',
  '-1e400',
  '1e21',
  '255',
  '4096',
  '65536',
  '4294967296',
  '9007199254740993',
  '2147483647',
  'null',
  'true',
  '{}',
  '[]',
  '""',
  '"0"',
  '{"__proto__":{"cpu-index":0,"online":true}}',
  '{"constructor":null,"toString":1,"hasOwnProperty":2}',
  '{"vcpus-count":1,"vcpus-count":2}',
  '[[],{},"",0]',
] as const

/** Sizes that cost something, the costly ones seldom. */
const size = fc.oneof(
  { weight: 40, arbitrary: fc.constantFrom(1, 40, 1_000) },
  { weight: 3, arbitrary: fc.constantFrom(5_000, 20_000) },
  { weight: 1, arbitrary: fc.constantFrom(100_000, 1_000_000) },
)

export const put: fc.Arbitrary<Put> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...rawValues).map((raw) => ({ raw })) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 20 }).map((number) => ({ raw: String(number) })) },
  { weight: 2, arbitrary: hostileText.map((text) => ({ raw: JSON.stringify(text) })) },
  { weight: 1, arbitrary: fc.record({ deep: size, of: fc.constantFrom('array' as const, 'object' as const) }) },
  { weight: 1, arbitrary: fc.record({ wide: size, of: fc.constantFrom('{}', '0', '""', '[]') }) },
)

export const node: fc.Arbitrary<Node> = fc.record({
  kind: fc.constantFrom('any', 'number', 'string', 'element', 'member'),
  node: fc.nat({ max: 200 }),
})

export const place: fc.Arbitrary<Place> = fc.constantFrom('before', 'after', 'inside', 'instead')

/** Bytes, as latin1. */
export const garbage: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '\n',
    '\r\n\r\n',
    '\xff',
    '\xff\xff\xff\n',
    '\xff\xfb\x01\xff\xfd\x03',
    'not json\n',
    '{"return": {}',
    '{"foo": 1}\n',
    '[1,2]\n',
    '"\x1b[2J"\n',
    '"\xc3\x28"\n',
    '\xe2\x80\xae{\n',
    '\x00\x01\x02\n',
    '{"QMP": {}}\n',
    '{"event": 1}\n',
    '{"id": 1}\n',
    '123\n',
    'null\n',
  ),
  fc
    .array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 12 })
    .map((bytes) => bytes.map((byte) => String.fromCharCode(byte)).join('')),
)

/** An id (JSON text) that no command of a client of this package has. */
export const foreignId: fc.Arbitrary<string> = fc.constantFrom(
  '"x"',
  '-1',
  '0.5',
  '1e400',
  'null',
  '{}',
  '[1]',
  '999999999',
  '"\\u001b[2J"',
)
