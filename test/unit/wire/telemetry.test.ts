import { tracingChannel } from 'node:diagnostics_channel'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { LimitError } from '../../../src/errors/limit-error.ts'
import { ConnectionError, ProtocolError } from '../../../src/errors/peer-errors.ts'
import {
  COMMAND_CHANNEL,
  isWatched,
  LIMIT_CHANNEL,
  publishCall,
  publishLimit,
  watchedExecute,
  type CallChannels,
} from '../../../src/wire/telemetry.ts'
import { watchCalls, watchChannel } from '../../support/watch-channels.ts'

const channels = tracingChannel('qemu-vcpu:test') as CallChannels<object>

test('the channels have the names that docs/telemetry.md gives', () => {
  expect([COMMAND_CHANNEL, LIMIT_CHANNEL]).toEqual(['qemu-vcpu:command', 'qemu-vcpu:limit'])
})

describe('is watched', () => {
  test('a call without a subscriber is not', () => {
    expect(isWatched(channels)).toBe(false)
  })

  test.each(['start', 'end', 'asyncStart', 'asyncEnd', 'error'])('by one who subscribed to its %s alone', (kind) => {
    watchChannel(`tracing:qemu-vcpu:test:${kind}`)
    expect(isWatched(channels)).toBe(true)
  })
})

describe('a published call', () => {
  test('gives its result to its caller, and no subscriber', async () => {
    const { seen } = watchCalls('qemu-vcpu:test')
    const result = { secret: 1 }
    expect(await publishCall(channels, { what: 'a call' }, () => Promise.resolve(result))).toBe(result)
    expect(seen.map(([part]) => part)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
    for (const [, message] of seen) expect(message).toEqual({ what: 'a call' })
  })

  test('says what it failed with, and fails with it', async () => {
    const { seen } = watchCalls('qemu-vcpu:test')
    const bug = new Error('bug')
    await expect(publishCall(channels, {}, () => Promise.reject(bug))).rejects.toBe(bug)
    expect(seen.map(([part]) => part)).toEqual(['start', 'end', 'error', 'asyncStart', 'asyncEnd'])
    expect(seen[2]).toEqual(['error', { error: bug }])
  })
})

describe('a watched executor', () => {
  const execute = vi.fn<(command: string, args?: unknown, options?: unknown) => Promise<unknown>>()
  const options = { timeoutMs: 5 }
  const watched = watchedExecute({ execute }, 'web-1', 'qga')

  beforeEach(() => {
    execute.mockReset().mockResolvedValue(7)
  })

  test('hands each call on as it is, watched or not', async () => {
    expect(await watched('guest-ping', { a: 1 }, options)).toBe(7)
    watchCalls(COMMAND_CHANNEL)
    expect(await watched('guest-ping', { a: 1 }, options)).toBe(7)
    expect(execute.mock.calls).toEqual([
      ['guest-ping', { a: 1 }, options],
      ['guest-ping', { a: 1 }, options],
    ])
  })

  test('makes nothing of its own while it is not watched', () => {
    const promise = Promise.resolve(7)
    execute.mockReturnValue(promise)
    expect(watched('guest-ping')).toBe(promise)
  })

  test('publishes whose command it is, and what it failed with', async () => {
    const { seen } = watchChannel(`tracing:${COMMAND_CHANNEL}:asyncEnd`)
    const lost = new ConnectionError('ERR_CONNECTION_LOST', 'gone')
    await watched('guest-ping')
    execute.mockRejectedValue(lost)
    await expect(watched('guest-info')).rejects.toBe(lost)
    expect(seen.map(([, message]) => message)).toEqual([
      { vm: 'web-1', peer: 'qga', command: 'guest-ping' },
      { vm: 'web-1', peer: 'qga', command: 'guest-info', error: lost },
    ])
  })

  test('publishes the limit that ended it, where only limits are watched', async () => {
    const { seen } = watchChannel(LIMIT_CHANNEL)
    const limit = new LimitError('ERR_TOO_MANY_PENDING', 'too many')
    execute.mockRejectedValue(limit)
    await expect(watched('guest-info')).rejects.toBe(limit)
    const message = { vm: 'web-1', peer: 'qga', code: 'ERR_TOO_MANY_PENDING', message: 'too many' }
    expect(seen).toEqual([['message', message]])
  })
})

describe('a limit', () => {
  const published = (error: unknown) => {
    const { seen, stop } = watchChannel(LIMIT_CHANNEL)
    publishLimit('web-1', 'qmp', error)
    stop()
    return seen.map(([, message]) => message)
  }
  /** An error whose cause is at that depth. */
  const below = (depth: number, cause: unknown): unknown =>
    depth === 0 ? cause : new Error(`at ${depth}`, { cause: below(depth - 1, cause) })

  test.each([
    'ERR_TOO_MANY_PENDING',
    'ERR_TOO_MUCH_UNSENT',
    'ERR_MESSAGE_TOO_LARGE',
    'ERR_MESSAGE_TOO_COMPLEX',
    'ERR_MESSAGE_TOO_SLOW',
    'ERR_TOO_MUCH_JUNK',
    'ERR_TOO_MANY_VCPUS',
  ])('%s is one, by itself and as a cause', (code) => {
    const error = () => Object.assign(new Error('words'), { code })
    const message = { vm: 'web-1', peer: 'qmp', code, message: 'words' }
    expect(published(error())).toEqual([message])
    expect(published(new Error('above', { cause: error() }))).toEqual([message])
  })

  test('is published once, however many calls it ended', () => {
    const cause = new ProtocolError('too slow', {}, 'ERR_MESSAGE_TOO_SLOW')
    expect(published(cause)).toHaveLength(1)
    expect(published(new ConnectionError('ERR_CONNECTION_LOST', 'gone', { cause }))).toEqual([])
  })

  test.each([
    ['another error', new ConnectionError('ERR_CONNECTION_LOST', 'gone')],
    ['an error without a code', new Error('plain')],
    ['a code that is no text', Object.assign(new Error('odd'), { code: 7 })],
    ['what is no error', { code: 'ERR_TOO_MUCH_JUNK', message: 'x' }],
    ['nothing', undefined],
  ])('is not made of %s', (_, error) => {
    expect(published(error)).toEqual([])
  })

  test('is looked for among sixteen errors, and no further', () => {
    const limit = () => new LimitError('ERR_TOO_MUCH_UNSENT', 'full')
    expect(published(below(15, limit()))).toHaveLength(1)
    expect(published(below(16, limit()))).toEqual([])
    const round: Error & { cause?: unknown } = new Error('round')
    round.cause = round
    expect(published(round)).toEqual([])
  })

  test('that was not watched is published to one who watches later', () => {
    const limit = new LimitError('ERR_TOO_MUCH_UNSENT', 'full')
    publishLimit('web-1', 'qmp', limit)
    expect(published(limit)).toHaveLength(1)
  })
})
