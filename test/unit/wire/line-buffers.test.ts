import { beforeEach, describe, expect, test } from 'vitest'
import { WIRE_LIMITS } from '../../../src/wire/limits.ts'
import { giveBuffer, takeBuffer } from '../../../src/wire/line-buffers.ts'

const KEPT_FROM = 65_536
const KEPT_TO = WIRE_LIMITS.messageBytes.qga + 1
const NO_CAP = 2 ** 30

beforeEach(() => {
  // Whatever other tests gave is taken.
  takeBuffer(KEPT_FROM, KEPT_FROM)
})

describe('a new buffer', () => {
  test('is twice as long as what is to be held, so that a line is seldom copied', () => {
    expect(takeBuffer(1_000, NO_CAP)).toHaveLength(2_000)
    expect(takeBuffer(100_000, NO_CAP)).toHaveLength(200_000)
  })

  test('is no longer than a line may be, and never too short', () => {
    expect(takeBuffer(1_000, 1_500)).toHaveLength(1_500)
    expect(takeBuffer(1_000, 600)).toHaveLength(1_000)
  })

  test('has 512 bytes at least', () => {
    expect(takeBuffer(1, 100)).toHaveLength(512)
    expect(takeBuffer(256, NO_CAP)).toHaveLength(512)
    expect(takeBuffer(257, NO_CAP)).toHaveLength(514)
  })
})

describe('a buffer that was given', () => {
  /** Is one of so many bytes taken again for a line of so many? */
  function isTakenAgain(given: number, wanted: number) {
    const buffer = Buffer.alloc(given)
    giveBuffer(buffer)
    return takeBuffer(wanted, NO_CAP) === buffer
  }

  test('is taken again for the next long line that it can hold', () => {
    expect(isTakenAgain(100_000, 80_000)).toBe(true)
    expect(isTakenAgain(80_000, 80_000)).toBe(true)
    expect(isTakenAgain(80_000, 80_001)).toBe(false)
  })

  test('is taken by one only', () => {
    const buffer = Buffer.alloc(100_000)
    giveBuffer(buffer)
    expect(takeBuffer(80_000, NO_CAP)).toBe(buffer)
    expect(takeBuffer(80_000, NO_CAP)).not.toBe(buffer)
  })

  test('is not taken for a short line, and then is there for a long one', () => {
    const buffer = Buffer.alloc(KEPT_FROM)
    giveBuffer(buffer)
    expect(takeBuffer(KEPT_FROM - 1, NO_CAP)).not.toBe(buffer)
    expect(takeBuffer(KEPT_FROM, NO_CAP)).toBe(buffer)
  })

  test('is kept from 64 KiB on up to the longest message of an agent with its CR', () => {
    expect(isTakenAgain(KEPT_FROM, KEPT_FROM)).toBe(true)
    expect(isTakenAgain(KEPT_TO, KEPT_FROM)).toBe(true)
    expect(isTakenAgain(KEPT_TO + 1, KEPT_FROM)).toBe(false)
    const short = Buffer.alloc(KEPT_FROM - 1)
    giveBuffer(short)
    const long = Buffer.alloc(KEPT_FROM)
    giveBuffer(long)
    expect(takeBuffer(KEPT_FROM, NO_CAP)).toBe(long)
  })

  test('stays where a shorter one, or one as long, is given; a longer one takes its place', () => {
    const [first, shorter, same, longer] = [90_000, 80_000, 90_000, 90_001].map((length) => Buffer.alloc(length))
    if (!first || !shorter || !same || !longer) throw new Error('four were made')
    giveBuffer(first)
    giveBuffer(shorter)
    giveBuffer(same)
    expect(takeBuffer(70_000, NO_CAP)).toBe(first)
    giveBuffer(first)
    giveBuffer(longer)
    expect(takeBuffer(70_000, NO_CAP)).toBe(longer)
  })
})
