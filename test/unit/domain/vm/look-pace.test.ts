import { expect, test } from 'vitest'
import { LookPace } from '../../../../src/domain/vm/look-pace.ts'

const calls = { calls: true, idle: false }
const idle = { calls: false, idle: true }

test('nobody to look for: no look', () => {
  const pace = new LookPace(20)
  pace.hint()
  expect(pace.nextInMs(0, { calls: false, idle: false })).toBeUndefined()
})

test('the first look is at once', () => {
  expect(new LookPace(20).nextInMs(0, calls)).toBe(0)
  expect(new LookPace(20).nextInMs(0, idle)).toBe(0)
})

test('while a call waits, looks become rarer up to 250 ms', () => {
  const pace = new LookPace(20)
  const gaps = [0, 1, 2, 3, 4, 5].map((at) => {
    pace.begin(0)
    pace.end(at, 0)
    return pace.nextInMs(at, calls)
  })
  expect(gaps).toStrictEqual([20, 40, 80, 160, 250, 250])
  expect(pace.nextInMs(5, { calls: true, idle: true })).toBe(250)
  expect(pace.nextInMs(105, calls)).toBe(150)
  expect(pace.nextInMs(900, calls)).toBe(0)
})

test('a call that begins to wait makes them often again', () => {
  const pace = new LookPace(20)
  for (let at = 0; at < 6; at++) pace.end(at, 0)
  pace.restart()
  expect(pace.nextInMs(5, calls)).toBe(10)
  pace.begin(0)
  expect(pace.nextInMs(5, calls)).toBe(10)
  pace.end(6, 0)
  expect(pace.nextInMs(6, calls)).toBe(20)
})

test('without calls every 2 s, and at a hint after 10 ms', () => {
  const pace = new LookPace(20)
  pace.end(100, 0)
  expect(pace.nextInMs(100, idle)).toBe(2_000)
  pace.hint()
  expect(pace.nextInMs(100, idle)).toBe(10)
  expect(pace.nextInMs(104, calls)).toBe(6)
  pace.begin(0)
  expect(pace.nextInMs(100, idle)).toBe(2_000)
})

test('a call that waits is no hint to itself', () => {
  const pace = new LookPace(20)
  pace.end(100, 0)
  pace.restart()
  expect(pace.nextInMs(100, idle)).toBe(10)
})

test('looks take a fifth of the time at most', () => {
  const pace = new LookPace(20)
  pace.end(100, 75)
  pace.hint()
  expect(pace.nextInMs(100, calls)).toBe(300)
  expect(pace.nextInMs(100, idle)).toBe(300)
})

test('what a call waits for has happened: a look at once, whatever the last ones cost, and once', () => {
  const pace = new LookPace(1)
  pace.end(100, 500)
  pace.hint()
  expect(pace.nextInMs(100, calls)).toBe(2_000)
  pace.urge()
  expect(pace.nextInMs(100, calls)).toBe(0)
  expect(pace.nextInMs(100, { calls: false, idle: false })).toBeUndefined()
  pace.begin(100)
  pace.end(600, 500)
  expect(pace.nextInMs(600, calls)).toBe(2_000)
})
