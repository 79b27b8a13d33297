import { describe, expect, test, vi } from 'vitest'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { PendingCalls } from '../../../src/wire/pending-calls.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openCall } from './open-call.ts'

const lost = (command: string) => new ConnectionError('ERR_CLOSED', `${command}: closed`)

describe('one timer for all of them', () => {
  /** Calls whose answers are left out; each failure is logged with the time of it. */
  function timed() {
    const clock = new ManualClock()
    const calls = new PendingCalls(clock)
    const log: string[] = []
    const open = (command: string, timeoutMs: number) => {
      const { id, answer } = openCall(calls, { command, timeoutMs })
      answer.then(
        () => log.push(`${command} answered`),
        () => log.push(`${command} at ${clock.now()}`),
      )
      return id
    }
    return { clock, calls, log, open }
  }

  test('each call ends at its own time, in whatever order they were opened', async () => {
    const { clock, calls, log, open } = timed()
    open('x-30', 30)
    open('x-10', 10)
    open('x-20', 20)
    open('x-20-too', 20)
    expect(clock.armed).toBe(1)
    await clock.advance(15)
    open('x-16', 1)
    expect(clock.armed).toBe(1)
    await clock.advance(30)
    expect(log).toEqual(['x-10 at 10', 'x-16 at 16', 'x-20 at 20', 'x-20-too at 20', 'x-30 at 30'])
    expect(clock.armed).toBe(0)
    expect(calls.size).toBe(0)
  })

  test('it is not made again for each call, runs out after the last one, and ends with the connection', async () => {
    const { clock, calls, open } = timed()
    const after = vi.spyOn(clock, 'after')
    for (let at = 0; at < 100; at++) calls.resolve(open('x-a', 50), at)
    expect(after).toHaveBeenCalledTimes(1)
    await clock.advance(50)
    expect(clock.armed).toBe(0)
    open('x-b', 50)
    expect(clock.armed).toBe(1)
    calls.rejectAll(lost)
    expect(clock.armed).toBe(0)
  })

  test('an answered call leaves its time to nobody', async () => {
    const { clock, calls, log, open } = timed()
    calls.resolve(open('x-10', 10), 1)
    await clock.advance(5)
    open('x-later', 10)
    await clock.advance(9)
    expect(log).toEqual(['x-10 answered'])
    await clock.advance(1)
    expect(log).toEqual(['x-10 answered', 'x-later at 15'])
  })
})
