import { getEventListeners } from 'node:events'
import { expect, test, vi } from 'vitest'
import { CommandError } from '../../../src/errors/peer-errors.ts'
import { callerOwned, type AnyExecutor } from '../../../src/wire/caller-owned.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

const mute: AnyExecutor<never> = { execute: () => new Promise(() => undefined) }

test('an executor that never settles ends by its time-out, by its signal and by close()', async () => {
  const clock = new ManualClock()
  const link = callerOwned(mute, clock)
  const { executor } = link
  const controller = new AbortController()
  const { signal } = controller
  const late = expect(executor.execute('a', {}, { timeoutMs: 20 })).rejects.toMatchObject({
    name: 'TimeoutError',
    outcome: 'unknown',
    message: 'a: no answer within 20 ms',
  })
  await clock.advance(20)
  await late
  const aborted = expect(executor.execute('b', {}, { signal })).rejects.toBe('mine')
  controller.abort('mine')
  await aborted
  const closed = expect(executor.execute('c')).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'unknown' })
  await link.close()
  await closed
  const spy = vi.spyOn(mute, 'execute')
  await expect(executor.execute('d')).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
  expect(spy).not.toHaveBeenCalled()
  expect(clock.armed).toBe(0)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('onReply is called once, by the executor or for it', async () => {
  const log: string[] = []
  const run = async (execute: AnyExecutor<never>['execute']) => {
    const onReply = (kind: string) => log.push(kind)
    await callerOwned({ execute }, new ManualClock())
      .executor.execute('x', {}, { onReply })
      .catch(() => undefined)
    return log.splice(0)
  }
  expect(await run(() => Promise.resolve(1))).toEqual(['return'])
  expect(await run(() => Promise.reject(new CommandError('x', 'GenericError', 'no')))).toEqual(['error'])
  expect(await run(() => Promise.reject(new Error('broken pipe')))).toEqual([])
  expect(
    await run(() => {
      throw new Error('broken at once')
    }),
  ).toEqual([])
  expect(
    await run((_, __, options) => {
      options?.onReply?.('return')
      log.push('then')
      return Promise.resolve(1)
    }),
  ).toEqual(['return', 'then'])
})

test('what comes after the caller has given up is handed over as late', async () => {
  const clock = new ManualClock()
  let answer: (value: unknown) => void = () => undefined
  const { executor } = callerOwned({ execute: () => new Promise((resolve) => (answer = resolve)) }, clock)
  const onLateReturn = vi.fn()
  const late = expect(executor.execute('x', {}, { timeoutMs: 5, onLateReturn })).rejects.toThrow('5 ms')
  await clock.advance(5)
  await late
  answer(7)
  await settled()
  expect(onLateReturn.mock.calls).toEqual([[7]])
})

test('an executor gets a signal of its own for each call, with the reason of the caller’s', async () => {
  const given: (AbortSignal | undefined)[] = []
  const execute: AnyExecutor<never>['execute'] = (_, __, options) => {
    given.push(options?.signal)
    return new Promise(() => undefined)
  }
  const clock = new ManualClock()
  const controller = new AbortController()
  const { signal } = controller
  const link = callerOwned({ execute }, clock)
  const calls = Promise.allSettled([
    link.executor.execute('a', {}, { signal }),
    link.executor.execute('b', {}, { signal }),
    link.executor.execute('c', {}, { timeoutMs: 10 }),
  ])
  controller.abort('mine')
  await clock.advance(10)
  await calls
  const [one, other, timed] = given
  expect(one).not.toBe(signal)
  expect(one).not.toBe(other)
  expect([one?.aborted, one?.reason, other?.reason]).toEqual([true, 'mine', 'mine'])
  // That of a call without a signal is for close().
  expect(timed?.aborted).toBe(false)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('one that bounds itself gets a signal that follows the caller’s, and no timer of ours', async () => {
  const clock = new ManualClock()
  const given: (AbortSignal | undefined)[] = []
  const execute: AnyExecutor<never>['execute'] = (_, __, options) => {
    given.push(options?.signal)
    return Promise.resolve(clock.armed)
  }
  const caller = new AbortController()
  const { signal } = caller
  const { executor } = callerOwned({ execute }, clock, true)
  const call = executor.execute('a', {}, { signal })
  caller.abort('mine')
  expect(await call).toBe(0)
  expect(given.map((own) => ({ isCallers: own === signal, reason: own?.reason as unknown }))).toEqual([
    { isCallers: false, reason: 'mine' },
  ])
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('the error of a closed link names the command', async () => {
  const link = callerOwned(mute, new ManualClock())
  await link.close()
  await expect(link.executor.execute('d')).rejects.toThrow('d: the connection was closed by this side')
})
