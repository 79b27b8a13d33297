import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CallIds, NO_ID } from '../../../src/wire/call-ids.ts'

test('a call that waits alone needs no id, unless its answer may overtake another’s', () => {
  const ids = new CallIds(true)
  expect(ids.next(new Map(), false)).toBe(NO_ID)
  expect(ids.next(new Map(), true)).toBe(1)
  expect(ids.next(new Map([[NO_ID, 0]]), false)).toBe(2)
})

test('where answers are not trusted, each has one of its own', () => {
  const ids = new CallIds()
  expect([1, 2, 3].map(() => ids.next(new Map(), false))).toEqual([1, 2, 3])
  ids.distrust()
  expect(ids.next(new Map(), false)).toBe(4)
})

test.each([
  [1, 9],
  [4, 9],
  [5, 99],
  [49, 99],
  [50, 999],
  [600, 9_999],
])('while %i wait, ids go up to %i and begin again', (count, greatest) => {
  const ids = new CallIds(true)
  const waiting = new Map<number, number>()
  const used = new Set<number>()
  for (let calls = 0; calls < 12_000; calls++) {
    const id = ids.next(waiting, true)
    expect(waiting.has(id)).toBe(false)
    waiting.set(id, id)
    used.add(id)
    const [oldest] = waiting.keys()
    if (waiting.size > count && oldest !== undefined) waiting.delete(oldest)
  }
  expect([Math.min(...used), Math.max(...used), used.size]).toEqual([1, greatest, greatest])
})

const step = fc.oneof(
  { weight: 10, arbitrary: fc.constant('open' as const) },
  { weight: 8, arbitrary: fc.nat(200) },
  { weight: 1, arbitrary: fc.constant('distrust' as const) },
)

test('an id is never that of a call that waits, is short, and is not used again once trust is lost (property)', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const ids = new CallIds(true)
      const waiting = new Map<number, number>()
      const used = new Set<number>()
      let isTrusted = true
      let most = 0
      for (const at of steps) {
        if (at === 'open') {
          const id = ids.next(waiting, false)
          expect(waiting.has(id)).toBe(false)
          if (isTrusted) expect(id === NO_ID).toBe(waiting.size === 0)
          else expect(used.has(id)).toBe(false)
          used.add(id)
          waiting.set(id, id)
          most = Math.max(most, waiting.size)
          // One digit for up to four calls, two for up to fifty.
          if (isTrusted) expect(String(id).length).toBeLessThanOrEqual(most < 6 ? 1 : most < 51 ? 2 : 3)
        } else if (at === 'distrust') {
          ids.distrust()
          isTrusted = false
        } else {
          const id = [...waiting.keys()][at % Math.max(1, waiting.size)]
          if (id !== undefined) waiting.delete(id)
        }
      }
    }),
  )
})
