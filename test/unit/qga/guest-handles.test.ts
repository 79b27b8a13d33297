import { describe, expect, test } from 'vitest'
import { CommandError, ConnectionError, ProtocolError, TimeoutError } from '../../../src/errors/peer-errors.ts'
import type { QgaArguments, QgaExecutor } from '../../../src/qga/executor.ts'
import { closeHandle, closeOwed } from '../../../src/qga/guest-handles.ts'
import { readGuestFile, readGuestText } from '../../../src/qga/read-file.ts'
import type { ExecuteOptions } from '../../../src/wire/call-options.ts'
import { Deadline } from '../../../src/wire/deadline.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'

interface Call {
  readonly command: string
  readonly args: QgaArguments | undefined
  readonly options: ExecuteOptions
}

/** An executor with scripted answers. */
function scripted(answer: (call: Call) => unknown) {
  const calls: Call[] = []
  const executor: QgaExecutor = {
    execute: async (command, args, options = {}) => {
      const call = { command, args, options }
      calls.push(call)
      const reply = await answer(call)
      if (reply instanceof Error) throw reply
      return reply
    },
  }
  return { calls, executor, handles: () => calls.map(({ args }) => args?.['handle']) }
}

const within = (timeoutMs: number) => new Deadline({ timeoutMs }, timeoutMs, new ManualClock())

describe('closing a handle', () => {
  test('has its own time: two seconds, or what is left of its reader’s, and may be sent ahead', async () => {
    const { calls, executor } = scripted(() => ({}))
    await closeHandle(executor, 7, within(100))
    await closeHandle(executor, 8, within(5_000))
    expect(calls).toMatchObject([
      { command: 'guest-file-close', args: { handle: 7 }, options: { timeoutMs: 2_000, sendAhead: true } },
      { args: { handle: 8 }, options: { timeoutMs: 5_000, sendAhead: true } },
    ])
  })

  test.each([
    ['not answered', new TimeoutError('late', { outcome: 'unknown' }), true],
    ['not sent', new ConnectionError('ERR_NO_AGENT_ANSWER', 'mute', { outcome: 'not-sent' }), true],
    ['lost', new ConnectionError('ERR_CONNECTION_LOST', 'lost'), true],
    ['perhaps refused', new CommandError('x', 'GenericError', 'no', { outcome: 'unknown' }), true],
    ['out of step', new ProtocolError('odd'), true],
    ['refused', new CommandError('x', 'GenericError', 'no such handle'), false],
    ['closed by this side', new ConnectionError('ERR_CLOSED', 'closed'), false],
  ])('%s: never rejects, and is tried again later, or not', async (_, error, isTriedAgain) => {
    let failure: Error | undefined = error
    const { executor, handles } = scripted(() => failure ?? {})
    await closeHandle(executor, 7, within(100))
    failure = undefined
    closeOwed(executor, 8, within(100))
    await settled()
    expect(handles()).toEqual(isTriedAgain ? [7, 7] : [7])
    closeOwed(executor, 8, within(100))
    await settled()
    expect(handles()).toHaveLength(isTriedAgain ? 2 : 1)
  })

  test('several are remembered, each once, for their own executor, and no more than a thousand', async () => {
    let failure: Error | undefined = new TimeoutError('late')
    const { executor, handles } = scripted(() => failure ?? {})
    const other = scripted(() => ({}))
    await Promise.all(Array.from({ length: 2_000 }, (_, handle) => closeHandle(executor, handle % 1_500, within(100))))
    failure = undefined
    const before = handles().length
    closeOwed(other.executor, 2_000, within(100))
    closeOwed(executor, 2_000, within(100))
    await settled()
    expect(other.calls).toEqual([])
    expect(new Set(handles().slice(before)).size).toBe(handles().length - before)
    expect(handles().length - before).toBe(1_024)
  })
})

describe('a handle that comes too late', () => {
  test.each([
    [7, [7]],
    [0, [0]],
    [Number.MAX_SAFE_INTEGER, [Number.MAX_SAFE_INTEGER]],
    [-1, []],
    [1.5, []],
    [Number.MAX_SAFE_INTEGER + 1, []],
    ['7', []],
    [null, []],
  ])('%j', async (late, closed) => {
    const { calls, executor } = scripted(({ command }) =>
      command === 'guest-file-open' ? new TimeoutError('late', { outcome: 'unknown' }) : {},
    )
    await expect(readGuestFile(executor, '/f', { clock: new ManualClock() })).rejects.toThrow('late')
    const [open] = calls
    expect(open).toMatchObject({ args: { path: '/f', mode: 'r' }, options: { sendAhead: true, timeoutMs: 10_000 } })
    open?.options.onLateReturn?.(late)
    await settled()
    expect(calls.slice(1).map(({ command, args }) => [command, args?.['handle']])).toEqual(
      closed.map((handle) => ['guest-file-close', handle]),
    )
  })
})

describe('a file that is read', () => {
  const content = (text: string) => ({
    count: text.length,
    'buf-b64': Buffer.from(text, 'latin1').toString('base64'),
    eof: true,
  })

  test('closes what could not be closed before, once the agent answers', async () => {
    let isMute = true
    const { calls, executor } = scripted(({ command }) => {
      if (isMute && command === 'guest-file-close') return new TimeoutError('late')
      return { 'guest-file-open': 9, 'guest-file-read': content('1'), 'guest-file-close': {} }[command]
    })
    await closeHandle(executor, 7, within(100))
    isMute = false
    await readGuestFile(executor, '/f', { clock: new ManualClock() })
    const closed = calls.filter(({ command }) => command === 'guest-file-close').map(({ args }) => args?.['handle'])
    expect(closed).toEqual([7, 7, 9])
    expect(calls.find(({ command }) => command === 'guest-file-read')).toMatchObject({
      args: { handle: 9, count: 4_096 },
      options: { sendAhead: true },
    })
  })

  test('is text without the white space around it, a character per byte', async () => {
    const { executor } = scripted(
      ({ command }) =>
        ({ 'guest-file-open': 9, 'guest-file-read': content(' \n0-3 \xe9\n\n'), 'guest-file-close': {} })[command],
    )
    expect(await readGuestText(executor, '/f', { clock: new ManualClock() })).toBe('0-3 \xe9')
  })

  test.each([
    [100, 100],
    [9_000, 2_000],
  ])('with %i ms left waits %i ms for a close that is not answered', async (timeoutMs, waitMs) => {
    const clock = new ManualClock()
    const { executor } = scripted(({ command }) =>
      command === 'guest-file-close'
        ? new Promise(() => undefined)
        : { 'guest-file-open': 9, 'guest-file-read': content('1') }[command],
    )
    let isRead = false
    const reading = readGuestFile(executor, '/f', { clock, timeoutMs }).then((bytes) => {
      isRead = true
      return bytes
    })
    await clock.advance(waitMs - 1)
    expect(isRead).toBe(false)
    await clock.advance(1)
    expect(await reading).toHaveLength(1)
    expect(clock.armed).toBe(0)
  })
})
