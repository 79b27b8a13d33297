import { expect, test } from 'vitest'
import { HintBudget } from '../../../../src/domain/vm/hint-budget.ts'
import { LookPace } from '../../../../src/domain/vm/look-pace.ts'

const calls = { calls: true, idle: false }
const idle = { calls: false, idle: true }

test('so many at once as in a second, then one after the other', () => {
  const budget = new HintBudget(4)
  for (let at = 0; at < 4; at++) {
    expect(budget.waitMs(0)).toBe(0)
    budget.spend(0)
  }
  expect(budget.waitMs(0)).toBe(250)
  expect(budget.waitMs(249)).toBe(1)
  expect(budget.waitMs(250)).toBe(0)
  budget.spend(250)
  expect(budget.waitMs(250)).toBe(250)
})

test('after a while of quiet no more than that', () => {
  const budget = new HintBudget(3)
  for (let at = 0; at < 3; at++) budget.spend(1_000_000)
  expect(budget.waitMs(1_000_000)).toBe(334)
})

test('spent without a token, it owes nothing', () => {
  const budget = new HintBudget(1)
  budget.spend(0)
  budget.spend(0)
  expect(budget.waitMs(0)).toBe(1_000)
})

/** A pace that has spent its hints by time 0. */
function spent(): LookPace {
  const pace = new LookPace(1)
  pace.hint()
  pace.begin(0)
  pace.end(0, 0)
  pace.hint()
  return pace
}

test('without a token a hint waits for one, and no longer than a look without a hint would', () => {
  expect(spent().nextInMs(0, idle)).toBe(1_000)
  expect(spent().nextInMs(400, idle)).toBe(600)
  expect(spent().nextInMs(0, calls)).toBe(20)
})

test('a call that begins to wait needs no token, and spends none', () => {
  const pace = spent()
  pace.restart()
  expect(pace.nextInMs(0, calls)).toBe(10)
  const fresh = new LookPace(1)
  fresh.restart()
  fresh.begin(0)
  fresh.end(0, 0)
  fresh.hint()
  expect(fresh.nextInMs(0, idle)).toBe(10)
})

test('a hint that was waiting when a look began without it is settled by that look', () => {
  const pace = spent()
  pace.begin(20)
  pace.end(20, 0)
  expect(pace.nextInMs(20, idle)).toBe(2_000)
})
