import { expect, test, vi } from 'vitest'
import { CommandError } from '../../../src/errors/peer-errors.ts'
import { PendingCalls, type PendingCallOptions } from '../../../src/wire/pending-calls.ts'
import { settleCall } from '../../../src/wire/envelope.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { openCall } from './open-call.ts'

const refusal = (command: string) => new CommandError(command, 'GenericError', 'no')

/** Calls, and what each heard: its id, and what it was called with. */
function setUp() {
  const clock = new ManualClock()
  const calls = new PendingCalls(clock)
  const log: unknown[] = []
  const open = (more: Partial<PendingCallOptions> = {}) => {
    const { id, answer } = openCall(calls, {
      command: 'stop',
      timeoutMs: 50,
      onReply: (kind) => log.push(`${id}: ${kind}`),
      onLateReturn: (value) => log.push(`${id}: late ${String(value)}`),
      ...more,
    })
    answer.catch(() => undefined)
    return id
  }
  return { clock, calls, log, open }
}

test('an answer in time is heard as one, and not as late', () => {
  const { calls, log, open } = setUp()
  const [one, other, third] = [open(), open(), open()]
  expect(calls.resolve(one, 7)).toBe(true)
  expect(calls.reject(other, refusal)).toBe(true)
  expect(calls.rejectUnsure(third, refusal)).toBe(true)
  expect(log).toEqual([`${one}: return`, `${other}: error`])
  expect(calls.oldestAbandoned()).toBeUndefined()
})

test('an answer to a call that was given up is heard once, and settles nothing', async () => {
  const { clock, calls, log, open } = setUp()
  const controller = new AbortController()
  const [one, other] = [open({ signal: controller.signal }), open()]
  controller.abort()
  await clock.advance(50)
  expect(calls.oldestAbandoned()).toBe(one)
  for (let times = 0; times < 2; times++) {
    expect(calls.resolve(one, 7)).toBe(false)
    expect(calls.reject(other, refusal)).toBe(false)
  }
  expect(log).toEqual([`${one}: return`, `${one}: late 7`, `${other}: error`])
})

test('an error that may be another call’s is nobody’s late answer', async () => {
  const { clock, calls, log, open } = setUp()
  const id = open()
  await clock.advance(50)
  expect(calls.rejectUnsure(id, refusal)).toBe(false)
  expect(log).toEqual([])
})

test('only calls that want to know are remembered', async () => {
  const { clock, calls, open } = setUp()
  open({ onReply: undefined, onLateReturn: undefined })
  const replied = open({ onLateReturn: undefined })
  await clock.advance(50)
  expect(calls.oldestAbandoned()).toBe(replied)
  calls.resolve(replied, 1)
  expect(calls.oldestAbandoned()).toBeUndefined()
  const returned = open({ onReply: undefined })
  await clock.advance(50)
  expect(calls.oldestAbandoned()).toBe(returned)
})

test('and no more than 1024 of them: the oldest is forgotten first', async () => {
  const { clock, calls, log, open } = setUp()
  const ids = Array.from({ length: 1_026 }, () => open())
  await clock.advance(50)
  expect(calls.oldestAbandoned()).toBe(ids[2])
  for (const id of ids) calls.resolve(id, 1)
  expect(log).toHaveLength(2 * 1_024)
})

test.each<[string, (calls: PendingCalls) => void]>([
  [
    'the connection has ended',
    (calls) => {
      calls.rejectAll(refusal)
    },
  ],
  [
    'no answer can come any longer',
    (calls) => {
      calls.forgetAbandoned()
    },
  ],
])('none once %s', async (_what, end) => {
  const { clock, calls, log, open } = setUp()
  const id = open()
  await clock.advance(50)
  end(calls)
  expect(calls.oldestAbandoned()).toBeUndefined()
  calls.resolve(id, 1)
  expect(log).toEqual([])
})

test('a call is told that it is given up while its answer is still owed', async () => {
  const { clock, open } = setUp()
  const onAbandon = vi.fn()
  open({ onAbandon })
  await clock.advance(49)
  expect(onAbandon).not.toHaveBeenCalled()
  await clock.advance(1)
  expect(onAbandon).toHaveBeenCalledTimes(1)
})

test('its error says which command, and for how long it waited', async () => {
  const clock = new ManualClock()
  const { answer } = openCall(new PendingCalls(clock), { command: 'stop', timeoutMs: 50 })
  const late = expect(answer).rejects.toMatchObject({ message: 'stop: no answer within 50 ms', outcome: 'unknown' })
  await clock.advance(50)
  await late
})

test.each([
  ['without an id, where it is not certain', {}, false, 'unknown', []],
  ['with null for an id, where it is not certain', { id: null }, false, 'unknown', []],
  ['without an id, where it is', {}, true, 'rejected', ['error']],
  ['with its id', { id: 1 }, false, 'rejected', ['error']],
])('an error %s', async (_what, id, isSure, outcome, replies) => {
  const calls = new PendingCalls(new ManualClock())
  const heard: string[] = []
  const { answer } = openCall(calls, { command: 'stop', timeoutMs: 50, onReply: (kind) => heard.push(kind) })
  const ended = expect(answer).rejects.toMatchObject({ name: 'CommandError', outcome })
  expect(settleCall(calls, { error: {}, ...id }, 1, isSure)).toBe(true)
  await ended
  expect(heard).toEqual(replies)
})
