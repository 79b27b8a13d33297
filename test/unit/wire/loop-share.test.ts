import { expect, test } from 'vitest'
import { TURN_BYTES } from '../../../src/wire/limits.ts'
import { LoopShare } from '../../../src/wire/loop-share.ts'

const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('is spent by its bytes, and whole again in the next turn', async () => {
  const share = new LoopShare()
  share.spend(TURN_BYTES - 1)
  expect(share.isSpent).toBe(false)
  await turn()
  // What little was read schedules nothing: it still counts.
  share.spend(1)
  expect(share.isSpent).toBe(true)
  await turn()
  expect(share.isSpent).toBe(false)
})

test('those that wait go on in their order, as many in a turn as its bytes allow', async () => {
  const share = new LoopShare()
  const ran: string[] = []
  share.spend(TURN_BYTES)
  for (const name of ['a', 'b', 'c', 'd']) {
    share.wait(() => {
      ran.push(name)
      share.spend(TURN_BYTES / 2)
    })
  }
  expect(share.waiting).toBe(4)
  await turn()
  expect(ran).toEqual(['a', 'b'])
  await turn()
  expect(ran).toEqual(['a', 'b', 'c', 'd'])
  expect(share.waiting).toBe(0)
})

test('one that asks again is behind all others', async () => {
  const share = new LoopShare()
  const ran: string[] = []
  const ask = (name: string, times: number): void => {
    share.wait(() => {
      ran.push(name)
      share.spend(TURN_BYTES)
      if (times > 1) ask(name, times - 1)
    })
  }
  share.spend(TURN_BYTES)
  ask('greedy', 3)
  ask('modest', 1)
  for (let at = 0; at < 4; at++) {
    expect(ran).toHaveLength(at)
    await turn()
  }
  expect(ran).toEqual(['greedy', 'modest', 'greedy', 'greedy'])
})

test('one that gives up is not called, and holds up no other', async () => {
  const share = new LoopShare()
  const ran: string[] = []
  share.spend(TURN_BYTES)
  const giveUp = share.wait(() => ran.push('a'))
  share.wait(() => ran.push('b'))
  giveUp()
  giveUp()
  await turn()
  expect(ran).toEqual(['b'])
})

test('waits without anything spent go on in the next turn', async () => {
  const share = new LoopShare()
  const ran: number[] = []
  share.wait(() => ran.push(1))
  expect(ran).toEqual([])
  await turn()
  expect(ran).toEqual([1])
})

test('keeps the process alive while something waits, and not otherwise', async () => {
  const share = new LoopShare()
  const active = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Immediate').length
  const before = active()
  share.spend(TURN_BYTES)
  expect(active()).toBe(before)
  const giveUp = share.wait(() => undefined)
  expect(active()).toBe(before + 1)
  giveUp()
  expect(active()).toBe(before)
  share.wait(() => {
    share.spend(TURN_BYTES)
  })
  share.wait(() => undefined)
  await turn()
  expect(share.waiting).toBe(1)
  expect(active()).toBe(before + 1)
  await turn()
  expect(active()).toBe(before)
})
