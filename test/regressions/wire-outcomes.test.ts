import { expect, test, vi } from 'vitest'
import { CommandError, ProtocolError, TimeoutError } from '../../src/errors/peer-errors.ts'
import { restate } from '../../src/errors/restate.ts'
import { setGuestVcpus, type QgaExecutor } from '../../src/qga/index.ts'
import { answer, synced } from '../unit/qga/kit.ts'
import { ready } from '../unit/qmp/kit.ts'
import { ManualClock, settled } from '../support/manual-clock.ts'

const on = { 'logical-id': 1, online: true }

// FINDINGS C.1: an answer that makes no sense had no outcome.
test.each(['-1', '"x"', '{}', '1.5'])('guest-set-vcpus answered with %s: unknown', async (json) => {
  const { peer, client } = await synced()
  const call = expect(client.execute('guest-set-vcpus', { vcpus: [on] })).rejects.toMatchObject({
    name: 'ProtocolError',
    outcome: 'unknown',
  })
  await answer(peer, json)
  await call
  await client.close()
})

// FINDINGS C.2: an error without an id was charged to the oldest call as `rejected`.
test('two errors without an id are nobody’s for certain, and no onReply is called for them', async () => {
  const { peer, client } = await ready()
  const onReply = vi.fn()
  const bad = client.execute('x-bad', undefined, { onReply })
  const add = client.execute('device_add', { driver: 'x' }, { onReply })
  await peer.command()
  await peer.command()
  const error = '{"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}\n'
  peer.say(error + error)
  await expect(bad).rejects.toMatchObject({ name: 'CommandError', outcome: 'unknown' })
  await expect(add).rejects.toMatchObject({ name: 'CommandError', outcome: 'unknown' })
  expect(onReply).not.toHaveBeenCalled()
  await client.close()
})

// FINDINGS A.1: a late error reply to device_del was lost.
test('a late answer is dropped and counted, and onReply hears of it', async () => {
  const clock = new ManualClock()
  const { peer, client } = await ready({ clock })
  const onReply = vi.fn()
  const call = expect(client.execute('device_del', { id: 'x' }, { timeoutMs: 5, onReply })).rejects.toBeInstanceOf(
    TimeoutError,
  )
  const { id } = await peer.command()
  await clock.advance(5)
  await call
  peer.say(`{"error": {"class": "GenericError", "desc": "no"}, "id": ${id}}\n`)
  await settled()
  expect(onReply.mock.calls).toEqual([['error']])
  expect(client.droppedMessages).toBe(1)
  await client.close()
})

// FINDINGS C.3: errors were shared and rewritten, a caller's reason among them.
test('an error that somebody holds is never altered', async () => {
  const held = new TimeoutError('late', { outcome: 'not-sent' })
  const answers = [1, held]
  const executor: QgaExecutor = {
    execute: () => {
      const next = answers.shift()
      return next instanceof Error ? Promise.reject(next) : Promise.resolve(next)
    },
  }
  await expect(setGuestVcpus(executor, [on, on])).rejects.toMatchObject({ outcome: 'partial', message: 'late' })
  expect(held.outcome).toBe('not-sent')
  const reason = new TimeoutError('my own')
  const { client } = await synced()
  await expect(setGuestVcpus(client, [on], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(reason.outcome).toBeUndefined()
  await client.close()
  const copy = restate(held, 'unknown')
  expect(copy).toBeInstanceOf(TimeoutError)
  expect(copy).toMatchObject({ name: 'TimeoutError', code: 'ERR_TIMEOUT', message: 'late', outcome: 'unknown' })
  expect(copy.stack).toBe(held.stack)
  expect(Object.isFrozen(copy)).toBe(true)
})

// FINDINGS H.5: an error as JSON lost message and cause.
test('an error as JSON keeps name, code, message, outcome, its fields and its causes', () => {
  const foreign = Object.assign(new Error('no \u202eroute'), { cause: 7 })
  const cause = new ProtocolError('odd', { cause: foreign })
  const error = new CommandError('stop', 'GenericError', 'no', { cause })
  expect(JSON.parse(JSON.stringify({ error }))).toEqual({
    error: {
      name: 'CommandError',
      code: 'ERR_COMMAND',
      message: 'stop: no',
      outcome: 'rejected',
      command: 'stop',
      errorClass: 'GenericError',
      description: 'no',
      cause: {
        name: 'ProtocolError',
        code: 'ERR_PROTOCOL',
        message: 'odd',
        cause: { name: 'Error', message: 'no \\u{202e}route', cause: 7 },
      },
    },
  })
  const own = new ProtocolError('round')
  Object.defineProperty(own, 'cause', { value: own })
  expect(() => JSON.stringify(own)).not.toThrow()
})
