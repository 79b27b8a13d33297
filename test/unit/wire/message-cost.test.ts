import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { excessOf, type MessageCaps } from '../../../src/wire/message-cost.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const ROOM: MessageCaps = { depth: 1_000, elements: 100_000, shapes: 10_000, stringBytes: 10_000 }

/** How many numbers are long, and stretches of blanks. */
function longStretches(text: string): number {
  const withoutStrings = text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '"')
  return withoutStrings.match(/[^"{}[\],]{17,}(?=[{}[\],])/g)?.length ?? 0
}

/** The same counts from what JSON.parse made of a message. */
function countsOf(value: unknown): MessageCaps {
  const sequences = new Set<string>()
  let elements = 0
  let stringBytes = 0
  const measure = (text: string) => {
    stringBytes = Math.max(stringBytes, encode(JSON.stringify(text)).length - 2)
  }
  const visit = (each: unknown, depth: number): number => {
    elements++
    if (typeof each === 'string') {
      measure(each)
      elements += 3
    }
    if (typeof each !== 'object' || each === null) return depth
    const members = Object.entries(each)
    if (members.length === 0) elements++
    let sequence = '{'
    let deepest = depth + 1
    for (const [name, member] of members) {
      if (!Array.isArray(each)) {
        measure(name)
        sequence += JSON.stringify(name)
        sequences.add(sequence)
      }
      deepest = Math.max(deepest, visit(member, depth + 1))
    }
    return deepest
  }
  const depth = visit(value, 0)
  return { depth, elements, shapes: sequences.size, stringBytes }
}

describe('excessOf', () => {
  const WORDS = {
    depth: (max: number) => `more than ${max} objects and arrays within one another`,
    elements: (max: number) => `more than ${max} values`,
    shapes: (max: number) => `more than ${max} different sequences of member names`,
    stringBytes: (max: number) => `a string of more than ${max} bytes`,
  }
  const names = ['depth', 'elements', 'shapes', 'stringBytes'] as const
  // Few names, so that sequences come again; arrays and objects of one and of none.
  const name = fc.oneof(fc.constantFrom('', 'a', 'b', '"', '\\', '{"', 'ü', '__proto__'), fc.string({ maxLength: 3 }))
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 6 },
      fc.oneof(
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true }),
        fc.string({ unit: 'binary' }),
      ),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(name, tie('value'), { maxKeys: 4 }),
    ),
  }))

  test.each(names)('counts %s as JSON.parse would find them', (cap) => {
    const space = fc.constantFrom(undefined, 1, '\t')
    fc.assert(
      fc.property(value, space, (each, indent) => {
        // A message is an object.
        const parsed: unknown = JSON.parse(JSON.stringify({ return: each }))
        const bytes = encode(JSON.stringify(parsed, undefined, indent))
        const counts = countsOf(parsed)
        const max = counts[cap] + (cap === 'elements' ? 3 * longStretches(Buffer.from(bytes).toString()) : 0)
        // An empty object that is printed over lines is still one.
        expect(excessOf(bytes, { ...ROOM, [cap]: max })).toBeUndefined()
        if (max > 0) expect(excessOf(bytes, { ...ROOM, [cap]: max - 1 })).toBe(WORDS[cap](max - 1))
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['brackets in a string', '{"a":"[[[[{{{{,,,,"}'],
    ['an escaped quote', '{"a":"\\"[[[[{{{{,,,,"}'],
    ['an escaped backslash before the end', '["\\\\",1]'],
    ['brackets in a name', '{"\\"[[[[{{{{,,,,":1}'],
    ['an escaped backslash before the end of a name', '{"\\\\":1}'],
  ])('%s', (_, text) => {
    expect(excessOf(encode(text), { depth: 1, elements: 6, shapes: 1, stringBytes: 16 })).toBeUndefined()
  })

  test.each([
    ['1234567890123456', 2],
    ['12345678901234567', 5],
    ['0.1234567890123456', 5],
    ['          null ', 2],
    ['               null', 5],
  ])('a long number counts as four: %s', (value, elements) => {
    expect(excessOf(encode(`[${value}]`), { ...ROOM, elements })).toBeUndefined()
    expect(excessOf(encode(`[${value}]`), { ...ROOM, elements: elements - 1 })).toBe(WORDS.elements(elements - 1))
  })

  test('a name of an array’s element is only a string', () => {
    expect(excessOf(encode('[{"a":["b","c"]},"d","e"]'), { ...ROOM, shapes: 1 })).toBeUndefined()
  })

  test('names that come again in another order, or object, are other sequences', () => {
    const text = '[{"a":1,"b":1},{"a":2,"b":{}},{"b":1,"a":1},{"x":{"a":1}}]'
    expect(excessOf(encode(text), { ...ROOM, shapes: 5 })).toBeUndefined()
    expect(excessOf(encode(text), { ...ROOM, shapes: 4 })).toBeDefined()
  })

  test('ten thousand names are counted apart', () => {
    const object = (from: number) => JSON.stringify({ [`k${from}`]: 1 })
    const text = `[${Array.from({ length: 10_000 }, (_, at) => object(at)).join()}]`
    expect(excessOf(encode(text), { ...ROOM, shapes: 10_000 })).toBeUndefined()
    expect(excessOf(encode(text), { ...ROOM, shapes: 9_990 })).toBeDefined()
  })

  test.each([
    ['nothing', ''],
    ['a string without end', '"abc'],
    ['a name without end', '{"abc'],
    ['a backslash at the end', '{"a":"\\'],
    ['a backslash at the end of a name', '{"\\'],
    ['closed more often than opened', ']]]]]'],
    ['brackets that JSON.parse never comes to', '[]]['.padEnd(100, '[')],
  ])('no JSON, and nothing that would cost: %s', (_, text) => {
    expect(excessOf(encode(text), { depth: 1, elements: 5, shapes: 1, stringBytes: 3 })).toBeUndefined()
  })

  test('any bytes are counted without an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(excessOf(bytes, ROOM)).toBeUndefined()
      }),
    )
  })

  test('each byte is looked at once, up to the first excess', () => {
    let looked = 0
    const counted = (bytes: Uint8Array) =>
      new Proxy(bytes, {
        get: (target, key): unknown => {
          if (typeof key === 'string' && /^\d+$/.test(key)) looked++
          return Reflect.get(target, key, target)
        },
      })
    const honest = encode(JSON.stringify({ return: [{ 'logical-id': 1, online: true, a: '\\"x' }], id: 7 }))
    expect(excessOf(counted(honest), ROOM)).toBeUndefined()
    expect(looked).toBeLessThanOrEqual(1.5 * honest.length)
    looked = 0
    expect(excessOf(counted(encode(`${'['.repeat(20)}${'1,'.repeat(100_000)}`)), { ...ROOM, depth: 10 })).toBeDefined()
    expect(looked).toBe(11)
  })
})
