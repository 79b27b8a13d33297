import { expect, test } from 'vitest'
import { dropPiece, holdPiece } from '../../../src/wire/held-pieces.ts'

const PIECE = 65_536
const MOST_FREE = 8

const piece = (length: number, value = 1) => new Uint8Array(length).fill(value)
const isAll = (bytes: Uint8Array, value: number) => bytes.every((byte) => byte === value)

test('a held piece is a copy', () => {
  for (const length of [0, 1, PIECE, PIECE + 1]) {
    const lent = piece(length)
    const held = holdPiece(lent)
    lent.fill(2)
    expect(held).toHaveLength(length)
    expect(isAll(held, 1)).toBe(true)
    dropPiece(held)
  }
})

test('a buffer is used again once nothing of its piece is read any longer, and not before', () => {
  const first = holdPiece(piece(10))
  const second = holdPiece(piece(10))
  expect(second.buffer).not.toBe(first.buffer)
  // The rest of a piece is dropped in its place.
  dropPiece(first.subarray(5))
  expect(holdPiece(piece(PIECE, 3)).buffer).toBe(first.buffer)
  expect(isAll(second, 1)).toBe(true)
})

test('one that is dropped twice is free once', () => {
  const held = holdPiece(piece(10))
  dropPiece(held)
  dropPiece(held)
  const [a, b] = [holdPiece(piece(10)), holdPiece(piece(10))]
  expect(a.buffer).toBe(held.buffer)
  expect(b.buffer).not.toBe(held.buffer)
})

test('a piece that is longer than what a socket gives has a buffer of its own, which is not kept', () => {
  const long = holdPiece(piece(PIECE + 1))
  expect(long.buffer.byteLength).toBe(PIECE + 1)
  dropPiece(long)
  expect(holdPiece(piece(1)).buffer).not.toBe(long.buffer)
  const whole = holdPiece(piece(PIECE))
  dropPiece(whole)
  expect(holdPiece(piece(PIECE)).buffer).toBe(whole.buffer)
})

test('what was never held is not kept', () => {
  const own = piece(PIECE)
  dropPiece(own)
  expect(holdPiece(piece(10)).buffer).not.toBe(own.buffer)
})

test('eight are kept', () => {
  const held = Array.from({ length: MOST_FREE + 3 }, () => holdPiece(piece(10)))
  for (const each of held) dropPiece(each)
  const again = held.map(() => holdPiece(piece(10)))
  const known = new Set(held.map(({ buffer }) => buffer))
  expect(again.filter(({ buffer }) => known.has(buffer))).toHaveLength(MOST_FREE)
})
