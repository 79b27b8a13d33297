import { expect, test } from 'vitest'
import { DialRate, DIALS_A_TURN } from '../../../src/wire/dial-rate.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** So many ask at once; `begun` is in the order in which they may begin. */
function asked(count: number) {
  const rate = new DialRate()
  const begun: number[] = []
  for (let at = 0; at < count; at++) void rate.turn().then(() => begun.push(at))
  return { rate, begun }
}

test('few begin at once', async () => {
  const { rate, begun } = asked(DIALS_A_TURN)
  expect(rate.waiting).toBe(0)
  await Promise.resolve()
  await Promise.resolve()
  expect(begun).toHaveLength(DIALS_A_TURN)
})

test('a thousand begin in their order, and no more than so many in a turn', async () => {
  const { rate, begun } = asked(1_000)
  const beginnings: number[] = []
  while (begun.length < 1_000) {
    const before = begun.length
    await turn()
    beginnings.push(begun.length - before)
  }
  // The first turn is that of the asking, and the next one.
  expect(beginnings.reverse()).toEqual([
    1_000 % DIALS_A_TURN,
    ...Array<number>(29).fill(DIALS_A_TURN),
    2 * DIALS_A_TURN,
  ])
  expect(begun).toEqual(Array.from({ length: 1_000 }, (_, at) => at))
  expect(rate.waiting).toBe(0)
})

test('one that comes while others wait is behind them', async () => {
  const { rate, begun } = asked(3 * DIALS_A_TURN)
  await turn()
  expect(rate.waiting).toBe(DIALS_A_TURN)
  await rate.turn().then(() => begun.push(-1))
  expect(begun).toHaveLength(3 * DIALS_A_TURN + 1)
  expect(begun.at(-1)).toBe(-1)
})

test('with fewer than may begin in a turn none waits', async () => {
  const { rate, begun } = asked(DIALS_A_TURN + 1)
  await turn()
  // One has begun in this turn.
  for (let more = 1; more < DIALS_A_TURN; more++) void rate.turn().then(() => begun.push(-1))
  expect(rate.waiting).toBe(0)
  void rate.turn()
  expect(rate.waiting).toBe(1)
})

test('an idle process has room again in its next turn', async () => {
  const { rate } = asked(DIALS_A_TURN)
  await turn()
  await turn()
  void rate.turn()
  expect(rate.waiting).toBe(0)
})
