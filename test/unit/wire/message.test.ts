import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isObject, own, parseMessage } from '../../../src/wire/message.ts'

const encode = (text: string) => new TextEncoder().encode(text)

describe('parseMessage', () => {
  test('reads an object', () => {
    expect(parseMessage(encode(' {"return": [1, "ä"]} '))).toEqual({ return: [1, 'ä'] })
  })

  test.each(['', '{', '{"a":1}x', 'null', '[]', '"text"', '7', 'true', "{'a':1}", '{"a":01}'])('refuses %j', (text) => {
    expect(() => parseMessage(encode(text))).toThrow(
      expect.objectContaining({ name: 'ProtocolError', code: 'ERR_PROTOCOL' }) as Error,
    )
  })

  test.each([
    ['a byte that no UTF-8 has', [0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]],
    ['half a character', [0x22, 0xc3, 0x22]],
    ['an encoded surrogate', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ])('refuses %s and keeps the bytes out of the message', (_, bytes) => {
    expect(() => parseMessage(Uint8Array.from(bytes))).toThrow('not a line of JSON')
  })

  test('its words are cut and escaped', () => {
    const error = (() => {
      try {
        return parseMessage(encode(`\u001b[31m${'x'.repeat(100_000)}`))
      } catch (caught) {
        return caught as Error
      }
    })()
    expect(error).toBeInstanceOf(Error)
    expect((error as Error).message).toMatch(/^not a line of JSON: \\u\{1b\}\[31mx+… /)
    expect((error as Error).message.length).toBeLessThan(400)
  })

  test('never throws anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        try {
          return isObject(parseMessage(bytes))
        } catch (error) {
          return error instanceof Error && error.name === 'ProtocolError'
        }
      }),
    )
  })
})

test('own() sees only what the peer sent', () => {
  const message = parseMessage(encode('{"__proto__": {"return": 1}, "id": 3}'))
  expect(own(message, 'id')).toBe(3)
  expect(own(message, '__proto__')).toEqual({ return: 1 })
  expect(own(message, 'return')).toBeUndefined()
  for (const key of ['toString', 'constructor', 'hasOwnProperty']) expect(own(message, key)).toBeUndefined()
  expect(own({}, '__proto__')).toBeUndefined()
})

describe('limits of a message', () => {
  const limits = { depth: 2, elements: 100, shapes: 100, stringBytes: 100, countedFromBytes: 20 }
  const deep = '{"return":[[[[1]]]]}'

  test('are kept from so many bytes on, and where there are any', () => {
    expect(deep).toHaveLength(20)
    expect(() => parseMessage(encode(deep), limits)).toThrow(
      expect.objectContaining({
        name: 'ProtocolError',
        code: 'ERR_MESSAGE_TOO_COMPLEX',
        message: 'a message has more than 2 objects and arrays within one another',
      }) as Error,
    )
    expect(parseMessage(encode(deep), { ...limits, countedFromBytes: 21 })).toEqual({ return: [[[[1]]]] })
    expect(parseMessage(encode(deep))).toEqual({ return: [[[[1]]]] })
    expect(parseMessage(encode(deep), { ...limits, depth: 5 })).toEqual({ return: [[[[1]]]] })
  })
})
