import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { MessageLines } from '../../../src/qmp/message-lines.ts'
import { LineSplitter } from '../../../src/wire/line-splitter.ts'
import { parseMessage } from '../../../src/wire/message.ts'

const encode = (text: string) => new TextEncoder().encode(text)

/** What is made of these pieces, as text: copied at once since lines may be views. */
function messagesOf(pieces: readonly Uint8Array[], maxMessageBytes = 10_000): string[] {
  const splitter = new LineSplitter(maxMessageBytes)
  const lines = new MessageLines(maxMessageBytes)
  const messages: string[] = []
  for (const piece of pieces) {
    splitter.push(piece, (line) => {
      const message = lines.push(line)
      if (message !== undefined) messages.push(Buffer.from(message).toString())
    })
  }
  return messages
}

// As QEMU 7.2, 10.0 and 11.1 print it: an empty object takes two lines, and an event stands between replies.
const PRETTY = [
  '{\r\n    "QMP": {\r\n        "capabilities": [\r\n            "oob"\r\n        ]\r\n    }\r\n}\r\n',
  '{\r\n    "return": {\r\n    },\r\n    "id": 1\r\n}\r\n',
  '{\r\n    "timestamp": {\r\n        "seconds": 1\r\n    },\r\n    "event": "RESUME"\r\n}\r\n',
].join('')
const TELNET = Uint8Array.of(0xff, 0xfb, 1, 0xff, 0xfb, 3, 0xff, 0xfb, 0, 0xff, 0xfd, 0)

describe('messages over several lines', () => {
  test.each(Array.from({ length: PRETTY.length + 1 }, (_, cut) => cut))('cut in two at %i', (cut) => {
    const bytes = encode(PRETTY)
    const messages = messagesOf([bytes.subarray(0, cut), bytes.subarray(cut)])
    expect(messages.map((text) => parseMessage(encode(text)))).toEqual([
      { QMP: { capabilities: ['oob'] } },
      { return: {}, id: 1 },
      { timestamp: { seconds: 1 }, event: 'RESUME' },
    ])
  })

  test('any object comes out as it went in, on one line or on many', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1, noNullPrototype: true })
    fc.assert(
      fc.property(fc.array(fc.tuple(object, fc.boolean())), (given) => {
        const text = given.map(([value, isPretty]) => `${JSON.stringify(value, null, isPretty ? 4 : 0)}\r\n`).join('')
        const values = messagesOf([encode(text)], 1_000_000).map((message) => JSON.parse(message) as unknown)
        expect(values).toEqual(given.map(([value]) => JSON.parse(JSON.stringify(value)) as unknown))
      }),
    )
  })

  test('one that never ends is capped', () => {
    const endless = Array.from({ length: 100 }, () => encode('"x": 1,\n'))
    expect(() => messagesOf([encode('{\n'), ...endless], 64)).toThrow('of several lines exceeds the cap of 64 bytes')
  })
})

describe('telnet options', () => {
  test('before the first line are passed over, whatever the line is', () => {
    expect(messagesOf([TELNET, encode('{"QMP": 1}\r\n{"return": 2}\r\n')])).toEqual(['{"QMP": 1}', '{"return": 2}'])
    expect(messagesOf([TELNET, encode('{\r\n    "QMP": 1\r\n}\r\n')])).toEqual(['{    "QMP": 1}'])
  })

  test('that are cut short stay what they are: no message', () => {
    expect(messagesOf([Uint8Array.of(0xff, 0xfb, 0x0a)])).toHaveLength(1)
    expect(messagesOf([Uint8Array.of(0xff, 0x41, 0x41, 0x0a)])[0]).toContain('AA')
  })
})

describe('line for line', () => {
  const lines = (max = 100) => {
    const taken = new MessageLines(max)
    const push = (line: Uint8Array | string) => {
      const message = taken.push(typeof line === 'string' ? Buffer.from(line, 'latin1') : line)
      return message === undefined ? undefined : Buffer.from(message).toString('latin1')
    }
    return { taken, push }
  }

  test('a message on one line is handed on as it is, without a copy', () => {
    const { taken } = lines()
    const line = encode('{"return": {}}')
    expect(taken.push(line)).toBe(line)
    expect(taken.isUnfinished).toBe(false)
  })

  test('only a brace alone begins one of several lines, and only one alone ends it', () => {
    const { taken, push } = lines()
    for (const line of ['', '}', '[', '{ ', ' {', 'x']) expect(push(line)).toBe(line)
    expect(push('{')).toBeUndefined()
    expect(taken.isUnfinished).toBe(true)
    for (const line of ['{', ' }', '},', ']', '', 'x']) expect(push(line)).toBeUndefined()
    expect(push('}')).toBe('{{ }},]x}')
    expect(taken.isUnfinished).toBe(false)
    expect(push('}')).toBe('}')
    expect(push('{')).toBeUndefined()
    expect(push('}')).toBe('{}')
  })

  test('a message keeps its bytes when the next one comes', () => {
    const taken = new MessageLines(100)
    const messages = ['{', 'a', '}', '{', 'b', '}'].flatMap((line) => taken.push(encode(line)) ?? [])
    expect(messages.map((message) => Buffer.from(message).toString())).toEqual(['{a}', '{b}'])
  })

  test('is capped at the cap, and one byte behind it', () => {
    const { push } = lines(10)
    expect(push('{')).toBeUndefined()
    expect(push('12345678')).toBeUndefined()
    expect(push('}')).toBe('{12345678}')
    expect(push('{')).toBeUndefined()
    expect(push('123456789')).toBeUndefined()
    expect(() => push('}')).toThrow(
      expect.objectContaining({
        code: 'ERR_MESSAGE_TOO_LARGE',
        message: expect.stringContaining('10 bytes') as unknown,
      }) as Error,
    )
  })

  test('many short lines are held in a buffer that doubles', () => {
    const { push } = lines(1_000_000)
    const copied = vi.spyOn(Uint8Array.prototype, 'set')
    push('{')
    for (let at = 0; at < 10_000; at++) push('"x": 1,')
    const copies = copied.mock.calls.length
    copied.mockRestore()
    expect(push('}')).toHaveLength(70_002)
    // One for each line, and few for the buffer.
    expect(copies).toBeGreaterThan(10_000)
    expect(copies).toBeLessThan(10_030)
  })

  test.each([
    ['\xff\xfb\x01{"a":1}', '{"a":1}'],
    ['\xff\xfe\x01{"a":1}', '{"a":1}'],
    ['\xff\xfc\x01\xff\xfd\x02{"a":1}', '{"a":1}'],
    ['\xff\xfa\x01{"a":1}', '\xff\xfa\x01{"a":1}'],
    ['\xff\xff\x01{"a":1}', '\xff\xff\x01{"a":1}'],
    ['\xff\xfb\x01', ''],
    ['\xff\xfb', '\xff\xfb'],
    ['\xff', '\xff'],
    ['x\xff\xfb\x01', 'x\xff\xfb\x01'],
    ['\xff\xfb\x01x\xff\xfb\x01', 'x\xff\xfb\x01'],
    ['\xff\xfb\x01\xfb\xfb\x01', '\xfb\xfb\x01'],
  ])('telnet: %j is %j', (line, message) => {
    expect(lines().push(line)).toBe(message)
  })
})
