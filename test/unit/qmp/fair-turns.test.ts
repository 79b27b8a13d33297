import { expect, test } from 'vitest'
import { FairTurns } from '../../../src/qmp/fair-turns.ts'

/** One who has so many pieces to send; each goes on until it is ended. */
function taker(name: string, pieces: number, log: string[], ends: Map<string, () => void>) {
  let begun = 0
  return {
    next: () => {
      if (begun === pieces) return undefined
      const piece = `${name}${++begun}`
      log.push(piece)
      return new Promise<void>((resolve) => ends.set(piece, resolve))
    },
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

function setUp(most: number) {
  const log: string[] = []
  const ends = new Map<string, () => void>()
  const turns = new FairTurns(most)
  const end = async (piece: string) => {
    ends.get(piece)?.()
    await settled()
  }
  return { turns, log, end, make: (name: string, pieces: number) => taker(name, pieces, log, ends) }
}

test('no more than so many are under way at once, and the next begins when one is over', async () => {
  const { turns, log, end, make } = setUp(2)
  turns.ask(make('a', 4))
  expect(log).toEqual(['a1', 'a2'])
  await end('a1')
  expect(log).toEqual(['a1', 'a2', 'a3'])
  await end('a3')
  await end('a2')
  expect(log).toEqual(['a1', 'a2', 'a3', 'a4'])
  await end('a4')
  expect(log).toHaveLength(4)
})

test('one piece each, in the order of asking', async () => {
  const { turns, log, end, make } = setUp(1)
  const [a, b, c] = [make('a', 3), make('b', 2), make('c', 1)]
  for (const each of [a, b, c]) turns.ask(each)
  for (const piece of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2']) {
    expect(log.at(-1)).toBe(piece)
    await end(piece)
  }
  // The first had its turn, and the row behind itself, before any other had asked.
  expect(log).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2'])
})

test('one that has nothing is passed by, and may ask again', async () => {
  const { turns, log, end, make } = setUp(2)
  const pieces = ['x1', 'x2']
  const now: string[] = []
  const later = {
    next: () => {
      const piece = now.shift()
      if (piece === undefined) return undefined
      log.push(piece)
      return Promise.resolve()
    },
  }
  turns.ask(later)
  turns.ask(make('a', 1))
  expect(log).toEqual(['a1'])
  now.push(...pieces)
  turns.ask(later)
  await settled()
  expect(log).toEqual(['a1', 'x1', 'x2'])
  await end('a1')
  turns.ask(later)
  expect(log).toHaveLength(3)
})
