import { describe, expect, test } from 'vitest'
import { LineSplitter } from '../../../src/wire/line-splitter.ts'
import { parseMessage } from '../../../src/wire/message.ts'
import { shuffled } from '../../support/shuffle.ts'
import { inboundBytes, readRecording, recordedFolders } from './recordings.ts'

/** Above this, only the ends of messages and a sample of the rest are tried. */
const everySplitUpToBytes = 64 * 1024
const sampleSize = 2_000
const seed = 20_260_801
const SENTINEL = 0xff

const transcripts = recordedFolders().flatMap((folder) =>
  [...readRecording(folder).pieces].map(([label, pieces]) => ({
    name: `${folder} ${label}`,
    bytes: inboundBytes(pieces),
  })),
)

test('there are transcripts of both protocols, small and large', () => {
  expect(transcripts.filter(({ name }) => name.endsWith('qmp')).length).toBeGreaterThan(25)
  expect(transcripts.filter(({ name }) => name.endsWith('qga')).length).toBeGreaterThan(5)
  expect(transcripts.some(({ bytes }) => bytes.length > everySplitUpToBytes)).toBe(true)
})

describe.each(transcripts)('$name', ({ name, bytes }) => {
  const lines = plainLines(bytes)

  test('its lines are messages, or begin with the 0xFF of a sync', () => {
    let marked = 0
    for (const line of lines) {
      const message = line[0] === SENTINEL ? parseMessage(line.subarray(1)) : parseMessage(line)
      if (line[0] === SENTINEL) marked++
      expect(message).toEqual(JSON.parse(line.toString('latin1').replace('\xff', '')))
    }
    expect(marked).toBe(name.endsWith('qga') ? 1 : 0)
  })

  // A message is a function of the bytes of its line, and the lines are compared byte by byte.
  test('is the same messages wherever it is cut in two', () => {
    const cuts = bytes.length <= everySplitUpToBytes ? everyCut(bytes) : sampledCuts(bytes)
    // One failure tells which cut; an expectation for each of a million would only take long.
    expect(cuts.filter((cut) => !isSameWhenCut(bytes, cut, lines)).slice(0, 10)).toEqual([])
    expect(cuts.length).toBeGreaterThan(Math.min(bytes.length, sampleSize) - 2)
  })

  test('is the same messages a byte at a time, and as it came', () => {
    const came: Buffer[] = []
    const splitter = new LineSplitter(bytes.length)
    for (const byte of bytes) splitter.push(Uint8Array.of(byte), (line) => came.push(Buffer.from(line)))
    expect(came.every((line, at) => lines[at]?.equals(line))).toBe(true)
    expect(came.length).toBe(lines.length)
    expect(splitter.pendingBytes).toBe(0)
  })
})

/** The lines without CR and LF, by the simplest means there are. */
function plainLines(bytes: Buffer): Buffer[] {
  const text = bytes.toString('latin1')
  const whole = text.slice(0, text.lastIndexOf('\n'))
  return whole.split('\n').map((line) => Buffer.from(line.replace(/\r$/, ''), 'latin1'))
}

function everyCut(bytes: Buffer): number[] {
  return Array.from({ length: bytes.length - 1 }, (_, at) => at + 1)
}

function sampledCuts(bytes: Buffer): number[] {
  const cuts = everyCut(bytes)
  const nearEnds = cuts.filter((cut) => bytes.subarray(Math.max(0, cut - 3), cut + 3).includes(0x0a))
  return [...new Set([...nearEnds, ...shuffled(cuts, seed).slice(0, sampleSize)])]
}

function isSameWhenCut(bytes: Buffer, cut: number, expected: readonly Buffer[]): boolean {
  const splitter = new LineSplitter(bytes.length)
  let at = 0
  let wrong = 0
  const compare = (line: Uint8Array) => {
    if (expected[at++]?.equals(line) !== true) wrong++
  }
  splitter.push(bytes.subarray(0, cut), compare)
  splitter.push(bytes.subarray(cut), compare)
  return wrong === 0 && at === expected.length && splitter.pendingBytes === 0
}
