import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { fenced, NeverSettledError, pause } from '../../soak/fence.ts'
import { testClock } from '../../support/passing-clock.ts'

test('a promise that settles is what it settles with, and leaves no timer', async () => {
  const clock = testClock()
  const error = new Error('no')
  expect(await fenced(clock, 'a call', 1_000, Promise.resolve(7))).toEqual({ state: 'done', value: 7 })
  expect(await fenced(clock, 'a call', 1_000, Promise.reject(error))).toEqual({ state: 'failed', error })
  expect(clock.pending).toBe(0)
})

test('one that does not is told as that', async () => {
  const never = new Promise<never>(() => undefined)
  const failure = fenced(testClock(), 'a call', 1_000, never)
  await expect(failure).rejects.toThrow(NeverSettledError)
  await expect(failure).rejects.toThrow('a call has not settled after 1000 ms')
})

test('a pause ends with its time or its signal, and leaves no listener', async () => {
  const clock = testClock()
  const { signal } = new AbortController()
  await pause(clock, 500, signal)
  expect(clock.now()).toBe(500)
  const controller = new AbortController()
  clock.after(100, () => {
    controller.abort()
  })
  await pause(clock, 10_000, controller.signal)
  expect(clock.now()).toBe(600)
  await pause(clock, 10_000, controller.signal)
  expect(clock.now()).toBe(600)
  expect([signal, controller.signal].map((each) => getEventListeners(each, 'abort').length)).toEqual([0, 0])
})
