import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { bounded } from '../../../src/wire/bounded.ts'
import { MAX_TIMEOUT_MS, timeoutOf } from '../../../src/wire/call-options.ts'
import { Deadline } from '../../../src/wire/deadline.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const late = new Error('late')
const onTimeout = () => late
const never = () => new Promise<never>(() => undefined)

describe('bounded', () => {
  test.each([
    ['resolves', () => Promise.resolve(1), { status: 'fulfilled', value: 1 }],
    ['rejects', () => Promise.reject(new Error('own')), { status: 'rejected', reason: { message: 'own' } }],
  ])('%s as the promise does, and leaves nothing behind', async (_, make, outcome) => {
    const { signal } = new AbortController()
    const [settled] = await Promise.allSettled([bounded(make(), { signal, timeoutMs: 10, onTimeout })])
    expect(settled).toMatchObject(outcome)
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('ends by its time-out', async () => {
    const { signal } = new AbortController()
    const waiting = expect(bounded(never(), { signal, timeoutMs: 10, onTimeout })).rejects.toBe(late)
    await vi.advanceTimersByTimeAsync(10)
    await waiting
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  })

  test('ends by its signal, with the signal’s own reason', async () => {
    const controller = new AbortController()
    const waiting = bounded(never(), { signal: controller.signal, timeoutMs: 10, onTimeout })
    controller.abort(0)
    await expect(waiting).rejects.toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('a promise that fails after the wait has ended, or never began, is nobody’s uncaught error', async () => {
    const uncaught = vi.fn()
    process.on('unhandledRejection', uncaught)
    const fails: ((error: Error) => void)[] = []
    const failing = () =>
      new Promise<never>((_, reject) => {
        fails.push(reject)
      })
    const controller = new AbortController()
    const { signal } = controller
    const waiting = bounded(failing(), { signal, timeoutMs: 10, onTimeout })
    controller.abort('stop')
    await expect(waiting).rejects.toBe('stop')
    await expect(bounded(failing(), { signal, timeoutMs: 10, onTimeout })).rejects.toBe('stop')
    for (const fail of fails) fail(new Error('too late'))
    vi.useRealTimers()
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', uncaught)
    expect(fails).toHaveLength(2)
    expect(uncaught).not.toHaveBeenCalled()
  })
})

describe('timeoutOf', () => {
  test('takes the default, and anything that a timer can hold', () => {
    expect(timeoutOf({}, 7)).toBe(7)
    expect(timeoutOf({ timeoutMs: undefined }, 7)).toBe(7)
    expect(timeoutOf({ timeoutMs: 0.5 }, 7)).toBe(0.5)
    expect(timeoutOf({ timeoutMs: MAX_TIMEOUT_MS }, 7)).toBe(MAX_TIMEOUT_MS)
  })

  test.each([0, -1, NaN, Infinity, MAX_TIMEOUT_MS + 1, '5' as never, null as never])('refuses %s', (timeoutMs) => {
    expect(() => timeoutOf({ timeoutMs }, 7)).toThrow(
      expect.objectContaining({ name: 'InputError', code: 'ERR_TIMEOUT_RANGE', outcome: 'not-sent' }) as Error,
    )
  })
})

test('a deadline gives each step what is left, and never nothing', () => {
  vi.useFakeTimers({ toFake: ['hrtime'] })
  const { signal } = new AbortController()
  const deadline = new Deadline({ signal, timeoutMs: 100 }, 5)
  expect(deadline.options()).toEqual({ signal, timeoutMs: 100 })
  vi.advanceTimersByTime(40)
  expect(deadline.options().timeoutMs).toBe(60)
  expect(deadline.timeoutMs).toBe(100)
  vi.advanceTimersByTime(500)
  expect(deadline.leftMs).toBeLessThanOrEqual(0)
  expect(deadline.options().timeoutMs).toBe(1)
})
