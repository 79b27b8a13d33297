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
  for (let turns = 1; begun.length < 1_000; turns++) {
    expect(begun.length).toBeLessThanOrEqual(turns * DIALS_A_TURN)
    await turn()
  }
  expect(begun).toEqual(Array.from({ length: 1_000 }, (_, at) => at))
  expect(rate.waiting).toBe(0)
})

test('one that comes while others wait is behind them', async () => {
  const { rate, begun } = asked(DIALS_A_TURN + 1)
  await turn()
  const last = rate.turn().then(() => begun.push(-1))
  await last
  expect(begun.at(-1)).toBe(-1)
  expect(begun).toHaveLength(DIALS_A_TURN + 2)
})

test('an idle process has room again in its next turn', async () => {
  const { rate } = asked(DIALS_A_TURN)
  await turn()
  await turn()
  void rate.turn()
  expect(rate.waiting).toBe(0)
})
