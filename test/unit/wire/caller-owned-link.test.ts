import { expect, test, vi } from 'vitest'
import { CommandError } from '../../../src/errors/peer-errors.ts'
import type { ExecuteOptions } from '../../../src/wire/call-options.ts'
import { callerOwned, type AnyExecutor } from '../../../src/wire/caller-owned.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

const execute = () => Promise.resolve({})

async function* three(): AsyncGenerator<number> {
  yield* await Promise.resolve([1, 2, 3])
}

async function all(events: AsyncIterable<unknown> | undefined): Promise<unknown[]> {
  const heard: unknown[] = []
  for await (const event of events ?? []) heard.push(event)
  return heard
}

test('its events are the executor’s own; one without any has none', async () => {
  const { executor } = callerOwned({ execute, events: three })
  expect(await all(executor.events?.())).toEqual([1, 2, 3])
  expect(callerOwned({ execute }).executor).not.toHaveProperty('events')
  const given: { execute: typeof execute; events?: typeof three } = { execute, events: three }
  const losing = callerOwned(given)
  delete given.events
  expect(await all(losing.executor.events?.())).toEqual([])
})

test('there is nothing to open', async () => {
  await expect(callerOwned({ execute }).open(undefined)).resolves.toBeUndefined()
})

test('an answer in time is not late, and a refusal that may be another command’s is no answer', async () => {
  const heard = { onReply: vi.fn(), onLateReturn: vi.fn() }
  await callerOwned({ execute }).executor.execute('x', {}, heard)
  expect(heard.onLateReturn).not.toHaveBeenCalled()
  expect(heard.onReply.mock.calls).toEqual([['return']])
  heard.onReply.mockClear()
  const unsure = new CommandError('x', 'GenericError', 'no', { outcome: 'unknown' })
  const { executor } = callerOwned({ execute: () => Promise.reject(unsure) })
  await expect(executor.execute('x', {}, heard)).rejects.toBe(unsure)
  expect(heard.onReply).not.toHaveBeenCalled()
})

test('a late answer is handed over once, by the executor or for it, and only where it is wanted', async () => {
  const clock = new ManualClock()
  let options: ExecuteOptions = {}
  let answer: (value: unknown) => void = () => undefined
  const slow: AnyExecutor<never> = {
    execute: (_command, _args, given = {}) => {
      options = given
      return new Promise((resolve) => (answer = resolve))
    },
  }
  for (const onLateReturn of [vi.fn(), undefined]) {
    const { executor } = callerOwned(slow, clock)
    const late = expect(executor.execute('x', {}, { timeoutMs: 5, onLateReturn })).rejects.toThrow('5 ms')
    await clock.advance(5)
    await late
    options.onLateReturn?.(7)
    answer(7)
    await settled()
    if (onLateReturn !== undefined) expect(onLateReturn.mock.calls).toEqual([[7]])
  }
})

function iteratorOf(events: () => AsyncIterable<never>): AsyncIterator<unknown> {
  const { executor } = callerOwned({ execute, events })
  const heard = executor.events?.()
  if (heard === undefined) throw new Error('no events')
  return heard[Symbol.asyncIterator]()
}

test('leaving its events never fails, whatever the executor does then', async () => {
  const next = () => new Promise<never>(() => undefined)
  const leaving = [
    () => Promise.reject(new Error('no')),
    () => {
      throw new Error('no')
    },
    undefined,
  ]
  for (const leave of leaving) {
    const source = leave === undefined ? { next } : { next, return: leave }
    const events = iteratorOf(() => ({ [Symbol.asyncIterator]: () => source }))
    expect(await events.return?.()).toEqual({ done: true, value: undefined })
  }
})

test('events that cannot be had fail for their reader, at the first of them', async () => {
  const cannot = () => {
    throw new Error('no events today')
  }
  const events = iteratorOf(cannot)
  await settled()
  await expect(events.next()).rejects.toThrow('no events today')
  expect(await iteratorOf(cannot).return?.()).toEqual({ done: true, value: undefined })
})

test('it hears of each event from when it is asked for them, and not from the first that is read', async () => {
  const subscribed = vi.fn(three)
  const events = callerOwned({ execute, events: subscribed }).executor.events?.()
  expect(subscribed).toHaveBeenCalledTimes(1)
  expect(await all(events)).toEqual([1, 2, 3])
})
