import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LineSplitter } from '../../../src/wire/line-splitter.ts'

const encode = (text: string) => new TextEncoder().encode(text)

/** Every line that comes of these pieces, copied at once since lines may be views. */
function split(pieces: readonly Uint8Array[], maxLineBytes = 1_000): Uint8Array[] {
  const splitter = new LineSplitter(maxLineBytes)
  const lines: Uint8Array[] = []
  for (const piece of pieces) splitter.push(piece, (line) => lines.push(Uint8Array.from(line)))
  return lines
}

const TRANSCRIPT = Uint8Array.from([
  ...encode('{"QMP": {"äöü€": "𝄞"}}\r\n'),
  0xff,
  ...encode('{"return": 1}\n\n\r\n'),
  ...encode('a\rb\r\r\n'),
  ...encode('the last one has no end'),
])
const LINES = [
  encode('{"QMP": {"äöü€": "𝄞"}}'),
  Uint8Array.from([0xff, ...encode('{"return": 1}')]),
  encode(''),
  encode(''),
  encode('a\rb\r'),
]

describe('LineSplitter', () => {
  test('the transcript in one piece', () => {
    expect(split([TRANSCRIPT])).toEqual(LINES)
  })

  test('one byte at a time', () => {
    expect(split([...TRANSCRIPT].map((byte) => Uint8Array.of(byte)))).toEqual(LINES)
  })

  test('every way to cut it in two', () => {
    for (let cut = 0; cut <= TRANSCRIPT.length; cut++) {
      expect(split([TRANSCRIPT.subarray(0, cut), TRANSCRIPT.subarray(cut)]), `cut at ${cut}`).toEqual(LINES)
    }
  })

  test('a line that is kept stays as it is while others are read, until it is given back', () => {
    const splitter = new LineSplitter(1_000_000)
    const kept: Uint8Array[] = []
    const giveBack: (() => void)[] = []
    const read = (text: string, isKept = true) => {
      // In two pieces: the line is in a buffer of the splitter.
      for (const piece of [text, 'end\n']) {
        splitter.push(encode(piece), (line) => {
          kept.push(line)
          if (isKept) giveBack.push(splitter.keepLine())
        })
      }
    }
    for (const letter of ['a', 'b']) read(letter.repeat(100_000))
    expect(kept.map((line) => Buffer.from(line).toString())).toEqual([
      `${'a'.repeat(100_000)}end`,
      `${'b'.repeat(100_000)}end`,
    ])
    for (const each of giveBack) each()
    read('c'.repeat(100_000), false)
    expect([kept[0]?.buffer, kept[1]?.buffer]).toContain(kept[2]?.buffer)
  })

  test('any bytes in any pieces are the lines that splitting at LF gives', () => {
    // Mostly the three bytes that matter.
    const byte = fc.oneof(fc.constantFrom(0x0a, 0x0d, 0x41), fc.nat(255))
    const piece = fc.array(byte, { maxLength: 12 })
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        const all = pieces.flat()
        const expected: number[][] = [[]]
        for (const each of all) {
          if (each === 0x0a) expected.push([])
          else expected.at(-1)?.push(each)
        }
        const tail = expected.pop()
        const stripped = expected.map((line) => (line.at(-1) === 0x0d ? line.slice(0, -1) : line))
        const lines = split(pieces.map((each) => Uint8Array.from(each)))
        expect(lines.map((line) => [...line])).toEqual(stripped)
        const splitter = new LineSplitter(1_000)
        for (const each of pieces) splitter.push(Uint8Array.from(each), () => undefined)
        expect(splitter.pendingBytes).toBe(tail?.length)
      }),
    )
  })

  test('the pieces are the caller’s again once push() returns', () => {
    const splitter = new LineSplitter(100)
    const piece = encode('abc')
    splitter.push(piece, () => undefined)
    piece.fill(0x7a)
    const lines: string[] = []
    splitter.push(encode('d\n'), (line) => lines.push(new TextDecoder().decode(line)))
    expect(lines).toEqual(['abcd'])
  })

  test('a line that was handed over is not overwritten by the next', () => {
    const splitter = new LineSplitter(100)
    const lines: Uint8Array[] = []
    for (const piece of ['ab', 'c\n', 'xy', 'z\n']) splitter.push(encode(piece), (line) => lines.push(line))
    expect(lines.map((line) => new TextDecoder().decode(line))).toEqual(['abc', 'xyz'])
  })

  describe('the cap', () => {
    const full = 'x'.repeat(8)

    test.each([[`${full}\n`], [`${full}\r\n`]])('a line of exactly the cap passes: %j', (text) => {
      expect(split([encode(text)], 8)).toEqual([encode(full)])
      expect(
        split(
          [...encode(text)].map((byte) => Uint8Array.of(byte)),
          8,
        ),
      ).toEqual([encode(full)])
    })

    test.each([[`${full}x\n`], [`${full}x\r\n`], [`${full}x`], [`${full}\rx`]])(
      'one byte more does not: %j',
      (text) => {
        const tooLarge = expect.objectContaining({ code: 'ERR_MESSAGE_TOO_LARGE', name: 'ProtocolError' }) as Error
        expect(() => split([encode(text)], 8)).toThrow(tooLarge)
        expect(() =>
          split(
            [...encode(text)].map((byte) => Uint8Array.of(byte)),
            8,
          ),
        ).toThrow(tooLarge)
      },
    )

    test('lines before the one too large are still handed over', () => {
      const lines: string[] = []
      const splitter = new LineSplitter(8)
      expect(() => {
        splitter.push(encode(`ok\n${full}xx`), (line) => lines.push(new TextDecoder().decode(line)))
      }).toThrow('exceeds the cap of 8 bytes')
      expect(lines).toEqual(['ok'])
    })
  })

  describe('a line above the cap, where it is passed over', () => {
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

    /** In pieces of so many bytes; the lines and what is kept of the others, in their order. */
    function read(all: string, pieceBytes: number): string[] {
      const seen: string[] = []
      const splitter = new LineSplitter(8, ({ ends, bytes }) => seen.push(`too long: ${bytes}, ${text(ends)}`))
      const bytes = encode(all)
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        splitter.push(bytes.subarray(at, at + pieceBytes), (line) => seen.push(text(line)))
      }
      return seen
    }

    test.each([1, 2, 3, 8, 100])('in pieces of %i: the lines before and behind it are not touched', (pieceBytes) => {
      const seen = read('one\n123456789\n12345678\r\ntwo\n', pieceBytes)
      expect(seen.map((line) => line.replace(/, .*/, ''))).toEqual(['one', 'too long: 9', '12345678', 'two'])
    })

    test('its beginning and its end are kept, and no more of it', () => {
      const line = `${'a'.repeat(300)}${'b'.repeat(5_000)}${'c'.repeat(300)}`
      const kept: string[] = []
      const splitter = new LineSplitter(2_000, ({ ends }) => kept.push(text(ends)))
      const bytes = encode(`${line}\n`)
      for (let at = 0; at < bytes.length; at += 700) {
        splitter.push(bytes.subarray(at, at + 700), () => {
          throw new Error('no line')
        })
      }
      expect(kept).toEqual([`${'a'.repeat(256)}${'c'.repeat(256)}`])
      expect(splitter.pendingBytes).toBe(0)
    })

    test('four times the cap without an end is an error', () => {
      expect(() => read('x'.repeat(32), 1)).not.toThrow()
      expect(() => read('x'.repeat(33), 1)).toThrow('exceeds the cap of 8 bytes')
    })

    test('while it lasts it counts as unfinished, with all its bytes', () => {
      const splitter = new LineSplitter(8, () => false)
      expect(splitter.push(encode('123456789012'), () => true)).toBe(12)
      expect(splitter.isPassingOver).toBe(true)
      expect(splitter.pendingBytes).toBe(12)
      // Stopped at its end: what is behind it is for later.
      expect(splitter.push(encode('3\nrest'), () => true)).toBe(2)
      expect(splitter.isPassingOver).toBe(false)
    })
  })
})
