import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { onAbort } from '../../../src/wire/abort.ts'
import { bounded } from '../../../src/wire/bounded.ts'
import { pause } from '../../../src/wire/pause.ts'
import { PendingCalls } from '../../../src/wire/pending-calls.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openCall } from './open-call.ts'

const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length

test('any number of tasks is one listener, and none when all have left', () => {
  const { signal } = new AbortController()
  const leave = Array.from({ length: 5_000 }, () => onAbort(signal, () => undefined))
  expect(listenersOf(signal)).toBe(1)
  for (const each of leave) each()
  for (const each of leave) each()
  expect(listenersOf(signal)).toBe(0)
})

test('each task runs once, and one that another ended does not', () => {
  const controller = new AbortController()
  const log: string[] = []
  onAbort(controller.signal, () => {
    log.push('a')
    leave()
  })
  const leave = onAbort(controller.signal, () => log.push('b'))
  onAbort(controller.signal, () => log.push('c'))
  controller.abort()
  controller.abort()
  expect(log).toEqual(['a', 'c'])
  expect(listenersOf(controller.signal)).toBe(0)
})

test('without a signal there is nothing to leave', () => {
  const run = vi.fn()
  onAbort(undefined, run)()
  expect(run).not.toHaveBeenCalled()
})

test('waits of every kind share the listener, and an abort ends each with the reason (property)', async () => {
  const kinds = fc.array(fc.constantFrom('bounded', 'pause', 'call'), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(kinds, fc.boolean(), async (waits, isAborted) => {
      const clock = new ManualClock()
      const controller = new AbortController()
      const { signal } = controller
      const calls = new PendingCalls(clock)
      const late = new Error('late')
      const all = waits.map((kind) => {
        if (kind === 'pause') return pause(clock, 10, signal)
        if (kind === 'call') return openCall(calls, { command: 'x', timeoutMs: 10, signal }).answer
        return bounded(new Promise(() => undefined), { signal, timeoutMs: 10, onTimeout: () => late, clock })
      })
      const results = Promise.allSettled(all)
      expect(listenersOf(signal)).toBe(1)
      // Calls share theirs.
      const isCall = (kind: string): boolean => kind === 'call'
      const others = waits.filter((kind) => !isCall(kind)).length
      expect(clock.armed).toBe(others + (waits.some(isCall) ? 1 : 0))
      if (isAborted) controller.abort('enough')
      else await clock.advance(10)
      for (const [at, result] of (await results).entries()) {
        if (isAborted) expect(result).toEqual({ status: 'rejected', reason: 'enough' })
        else expect(result.status).toBe(waits[at] === 'pause' ? 'fulfilled' : 'rejected')
      }
      await clock.advance(10)
      expect(clock.armed).toBe(0)
      expect(listenersOf(signal)).toBe(0)
      expect(calls.size).toBe(0)
    }),
    { numRuns: 60 },
  )
})
