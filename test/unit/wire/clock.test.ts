import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/wire/clock.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

test('the system’s clock fires once, at its time, and never at once', () => {
  const task = vi.fn()
  systemClock.after(20, task)
  const begin = systemClock.now()
  vi.advanceTimersByTime(19)
  expect(task).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(task).toHaveBeenCalledTimes(1)
  expect(systemClock.now() - begin).toBe(20)
  vi.advanceTimersByTime(1_000)
  expect(task).toHaveBeenCalledTimes(1)
})

test('one that is cancelled does not fire', () => {
  const task = vi.fn()
  const timer = systemClock.after(20, task)
  timer.cancel()
  expect(vi.getTimerCount()).toBe(0)
  vi.advanceTimersByTime(1_000)
  timer.cancel()
  expect(task).not.toHaveBeenCalled()
})

test('one that is unref’d does not keep the process alive', () => {
  const timers = vi.spyOn(globalThis, 'setTimeout')
  systemClock.after(20, () => undefined).unref()
  systemClock.after(20, () => undefined)
  expect(timers.mock.results.map(({ value }) => (value as NodeJS.Timeout).hasRef())).toEqual([false, true])
})
