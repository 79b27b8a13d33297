import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { CallIds, NO_ID } from '../../../src/wire/call-ids.ts'
import { valueOf } from '../../../src/wire/failure.ts'
import { PendingCalls, type PendingCallOptions } from '../../../src/wire/pending-calls.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openCall } from './open-call.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

function setUp(more: Partial<PendingCallOptions> = {}) {
  const calls = new PendingCalls()
  const controller = new AbortController()
  const onAbandon = vi.fn()
  const { signal } = controller
  const { id, answer } = openCall(calls, { command: 'stop', timeoutMs: 50, signal, onAbandon, ...more })
  const settled = answer.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  return { calls, controller, id, answer, settled, onAbandon }
}

const lost = (command: string) => new ConnectionError('ERR_CLOSED', `${command}: closed`)

describe('each way of ending leaves no listener, and is the only one', () => {
  test.each([
    ['answer', (it: ReturnType<typeof setUp>) => it.calls.resolve(it.id, 7), { value: 7 }, false],
    ['error', (it: ReturnType<typeof setUp>) => it.calls.reject(it.id, lost), { error: { code: 'ERR_CLOSED' } }, false],
    [
      'time-out',
      () => vi.advanceTimersByTime(50),
      { error: { name: 'TimeoutError', code: 'ERR_TIMEOUT', outcome: 'unknown' } },
      true,
    ],
    [
      'abort',
      (it: ReturnType<typeof setUp>) => {
        it.controller.abort('my own reason')
      },
      { error: 'my own reason' },
      true,
    ],
    [
      'end of the connection',
      (it: ReturnType<typeof setUp>) => {
        it.calls.rejectAll(lost)
      },
      { error: { code: 'ERR_CLOSED', message: 'stop: closed' } },
      false,
    ],
  ])('%s', async (_, end, outcome, abandoned) => {
    const it = setUp()
    expect(vi.getTimerCount()).toBe(1)
    expect(getEventListeners(it.controller.signal, 'abort')).toHaveLength(1)
    end(it)
    expect(getEventListeners(it.controller.signal, 'abort')).toHaveLength(0)
    expect(it.calls.size).toBe(0)
    // Whatever comes afterwards finds nobody.
    expect(it.calls.resolve(it.id, 'late')).toBe(false)
    expect(it.calls.reject(it.id, lost)).toBe(false)
    it.controller.abort('late')
    vi.advanceTimersByTime(1_000)
    expect(await it.settled).toMatchObject(outcome)
    expect(vi.getTimerCount()).toBe(0)
    expect(it.onAbandon).toHaveBeenCalledTimes(abandoned ? 1 : 0)
  })

  test('a time-out comes at its time and not before', () => {
    const { calls } = setUp()
    vi.advanceTimersByTime(49)
    expect(calls.size).toBe(1)
    vi.advanceTimersByTime(1)
    expect(calls.size).toBe(0)
  })
})

test('ids are never used twice, and the oldest is the one that waits longest', async () => {
  const calls = new PendingCalls()
  const opened = [1, 2, 3].map(() => openCall(calls, { command: 'stop', timeoutMs: 50 }))
  const ids = opened.map(({ id }) => id)
  expect(new Set(ids).size).toBe(3)
  expect(calls.oldest()).toBe(ids[0])
  calls.resolve(ids[0], 'a')
  expect(calls.oldest()).toBe(ids[1])
  calls.rejectAll(lost)
  expect(calls.oldest()).toBeUndefined()
  expect(openCall(calls, { command: 'stop', timeoutMs: 50 }).id).not.toBe(ids[0])
  await Promise.allSettled(opened.map(({ answer }) => answer))
  vi.clearAllTimers()
})

test.each(['1', null, undefined, 1.5, -1, {}, [1], NaN])('an id like %j is nobody’s', async (id) => {
  const { calls, settled, ...opened } = setUp()
  expect(calls.resolve(id, 'x')).toBe(false)
  expect(calls.reject(id, lost)).toBe(false)
  expect(calls.size).toBe(1)
  calls.resolve(opened.id, 'own')
  expect(await settled).toEqual({ value: 'own' })
})

test('each call of a lost connection gets an error of its own', async () => {
  const calls = new PendingCalls()
  const answers = ['stop', 'cont'].map((command) => openCall(calls, { command, timeoutMs: 50 }).answer)
  calls.rejectAll(lost)
  const [one, other] = await Promise.allSettled(answers)
  expect(one).toMatchObject({ reason: { message: 'stop: closed' } })
  expect(other).toMatchObject({ reason: { message: 'cont: closed' } })
})

test('the stack points at who awaits the call, not at who answered', async () => {
  const calls = new PendingCalls()
  const { id, answer } = calls.open('stop', 50, {})
  async function theCaller() {
    return valueOf(await answer)
  }
  async function itsCaller() {
    await theCaller()
  }
  function theSocket() {
    calls.reject(id, lost)
  }
  const failed = itsCaller().catch((reason: unknown) => reason as Error)
  theSocket()
  const { stack } = (await failed) as Error
  expect(stack).toMatch(/^ConnectionError: stop: closed\n/)
  expect(stack).toMatch(/theCaller[^]*itsCaller/)
  expect(stack).not.toContain('theSocket')
})

test('as many calls wait as may; one that has ended makes room', async () => {
  const calls = new PendingCalls(new ManualClock(), 2)
  const first = openCall(calls, { command: 'x-a', timeoutMs: 10 })
  const second = openCall(calls, { command: 'x-b', timeoutMs: 10 })
  expect(() => openCall(calls, { command: 'x-c', timeoutMs: 10 })).toThrow(
    expect.objectContaining({
      name: 'LimitError',
      code: 'ERR_TOO_MANY_PENDING',
      outcome: 'not-sent',
      message: 'x-c: 2 commands wait for an answer, which is the limit',
    }) as Error,
  )
  expect(calls.size).toBe(2)
  calls.resolve(first.id, 1)
  const third = openCall(calls, { command: 'x-c', timeoutMs: 10 })
  calls.resolve(second.id, 2)
  calls.resolve(third.id, 3)
  expect(await Promise.all([first.answer, second.answer, third.answer])).toEqual([1, 2, 3])
})

describe('an answer without an id', () => {
  const trusting = () => new PendingCalls(undefined, undefined, new CallIds(true))

  test('is owed while a call waits that has none', () => {
    const calls = trusting()
    expect(calls.owesIdless).toBe(false)
    const { id } = calls.open('stop', 50, {})
    expect([id, calls.owesIdless]).toEqual([NO_ID, true])
    expect(calls.resolve(NO_ID, 1)).toBe(true)
    expect(calls.owesIdless).toBe(false)
    const numbered = calls.open('stop', 50, {}, true)
    expect([numbered.id === NO_ID, calls.owesIdless]).toEqual([false, false])
    calls.rejectAll(lost)
  })

  test('stays owed once its call was given up, until it comes', () => {
    const calls = trusting()
    calls.open('stop', 50, {})
    vi.advanceTimersByTime(50)
    expect([calls.size, calls.owesIdless]).toEqual([0, true])
    // The answer of another call is not it.
    const { id } = calls.open('cont', 50, {})
    expect(calls.resolve(id, 1)).toBe(true)
    expect(calls.owesIdless).toBe(true)
    expect(calls.resolve('0', 1)).toBe(false)
    expect(calls.owesIdless).toBe(true)
    expect(calls.resolve(NO_ID, 1)).toBe(false)
    expect(calls.owesIdless).toBe(false)
  })

  test('is not owed by a call that was given up and has an id', () => {
    const calls = trusting()
    calls.open('stop', 50, {}, true)
    vi.advanceTimersByTime(50)
    expect(calls.owesIdless).toBe(false)
  })
})
