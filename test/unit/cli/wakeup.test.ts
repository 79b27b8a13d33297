import { expect, test } from 'vitest'
import { Wakeup } from '../../../src/cli/watch/wakeup.ts'
import { VirtualClock } from '../../../src/testing/index.ts'

/** Waits over and over, as `watch` does, and counts how often it was woken. */
function looper(clock: VirtualClock) {
  const wakeup = new Wakeup(clock)
  const life = { rounds: 0, isOver: false }
  const ended = (async () => {
    while (!life.isOver) {
      await wakeup.wait(1_000)
      life.rounds++
    }
  })()
  return { wakeup, life, ended }
}

test('a few wakes are at once, also one before the wait', async () => {
  const clock = new VirtualClock()
  const { wakeup, life } = looper(clock)
  for (let at = 0; at < 5; at++) {
    wakeup.wake()
    await clock.advance(0)
    expect(life.rounds).toBe(at + 1)
  }
})

test('without a wake it goes on after its time', async () => {
  const clock = new VirtualClock()
  const { life } = looper(clock)
  await clock.advance(3_000)
  expect(life.rounds).toBe(3)
})

test('thousands of wakes a second are ten rounds a second, and one after the last', async () => {
  const clock = new VirtualClock()
  const { wakeup, life } = looper(clock)
  for (let ms = 0; ms < 3_000; ms++) {
    for (let each = 0; each < 5; each++) wakeup.wake()
    await clock.advance(1)
  }
  expect(life.rounds).toBeLessThanOrEqual(31)
  expect(life.rounds).toBeGreaterThanOrEqual(28)
  const before = life.rounds
  wakeup.wake()
  // Not after the second that it would wait without a wake.
  await clock.advance(999)
  expect(life.rounds).toBeGreaterThan(before)
})

test('the end is at once, whatever it waits for', async () => {
  for (const wakes of [0, 11]) {
    const clock = new VirtualClock()
    const { wakeup, life, ended } = looper(clock)
    for (let at = 0; at < wakes; at++) {
      wakeup.wake()
      await clock.advance(0)
    }
    life.isOver = true
    wakeup.end()
    await ended
    expect(clock.now()).toBe(0)
    expect(clock.pending).toBe(0)
  }
})
