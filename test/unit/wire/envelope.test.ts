import { describe, expect, test, vi } from 'vitest'
import { ConnectionError } from '../../../src/errors/peer-errors.ts'
import { encodeArguments, encodeCommand, lostCall, settleCall } from '../../../src/wire/envelope.ts'
import { PendingCalls } from '../../../src/wire/pending-calls.ts'
import { openCall } from './open-call.ts'

describe('a command is as few bytes as can be', () => {
  test.each([
    ['stop', undefined, '{"execute":"stop","id":7}\n'],
    ['device_del', { id: 'cpu5' }, '{"execute":"device_del","arguments":{"id":"cpu5"},"id":7}\n'],
    ['x', { a: undefined, b: 1 }, '{"execute":"x","arguments":{"b":1},"id":7}\n'],
  ])('%s %j', (command, args, line) => {
    expect(encodeCommand('execute', command, encodeArguments(command, args), 7)).toBe(line)
  })

  test('out of band, and a name that needs escaping', () => {
    expect(encodeCommand('exec-oob', 'a"\n', '', 1)).toBe('{"exec-oob":"a\\"\\n","id":1}\n')
  })

  test.each([
    ['arrays', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('%s nest as deep as QEMU takes, and not deeper', (_, open, close) => {
    // Brackets within a string are text, and so are those of the second member here.
    const nested = (depth: number): Record<string, unknown> => ({
      text: '[{"\\'.repeat(2_000),
      wide: Array.from({ length: 2_000 }, () => [[]]),
      deep: JSON.parse(`${open.repeat(depth - 1)}0${close.repeat(depth - 1)}`) as unknown,
    })
    expect(encodeArguments('x', nested(1_000))).toContain('"deep"')
    expect(() => encodeArguments('x', nested(1_001))).toThrow(
      expect.objectContaining({
        code: 'ERR_ARGUMENTS',
        outcome: 'not-sent',
        message: 'x: the arguments nest deeper than 1000 objects and arrays',
      }) as Error,
    )
  })

  test('what JSON cannot carry is refused before it is sent', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    for (const args of [{ big: 1n }, cycle]) {
      expect(() => encodeArguments('x', args)).toThrow(
        expect.objectContaining({
          code: 'ERR_ARGUMENTS',
          outcome: 'not-sent',
          cause: expect.any(TypeError) as unknown,
        }) as Error,
      )
    }
  })
})

describe('a reply goes to its call', () => {
  function setUp() {
    const pending = new PendingCalls()
    const { id, answer } = openCall(pending, { command: 'stop', timeoutMs: 60_000 })
    return {
      pending,
      id,
      settled: answer.then(
        (value) => ({ value }),
        (error: unknown) => ({ error }),
      ),
    }
  }

  test.each([{}, false, 0, '', null, [1]])('a return of %j', async (value) => {
    const { pending, id, settled } = setUp()
    expect(settleCall(pending, { return: value, id }, undefined)).toBe(true)
    expect(await settled).toEqual({ value })
  })

  test.each([
    [{ class: 'DeviceNotFound', desc: 'no such' }, 'DeviceNotFound', 'no such'],
    [{ class: 'X\u001b', desc: 'y'.repeat(500) }, 'X\\u{1b}', `${'y'.repeat(200)}… (500 characters)`],
    [{ class: 7, desc: null }, '7', 'null'],
    [{}, 'nothing', 'nothing'],
    ['text', 'nothing', 'nothing'],
    [null, 'nothing', 'nothing'],
  ])('an error of %j', async (failure, errorClass, description) => {
    const { pending, id, settled } = setUp()
    expect(settleCall(pending, { error: failure, return: {}, id }, undefined)).toBe(true)
    const name = 'CommandError'
    const expected = { name, command: 'stop', errorClass, description, outcome: 'rejected', code: 'ERR_COMMAND' }
    expect(await settled).toMatchObject({ error: { ...expected, message: `stop: ${description}` } })
  })

  test.each([[{ id: 1 }], [{ return: 1 }], [{ return: 1, id: 2 }], [{ return: 1, id: '1' }], [{ event: 'X', id: 1 }]])(
    '%j is nobody’s',
    async (message) => {
      const { pending, settled } = setUp()
      expect(settleCall(pending, message, undefined)).toBe(false)
      expect(pending.size).toBe(1)
      pending.resolve(1, vi)
      await settled
    },
  )

  test('one without an id goes to whom the caller names; one with an id never does', async () => {
    const { pending, id, settled } = setUp()
    expect(settleCall(pending, { return: 1, id: 99 }, id)).toBe(false)
    expect(settleCall(pending, { return: 2 }, id)).toBe(true)
    expect(await settled).toEqual({ value: 2 })
  })
})

test('a lost call says whether this side closed', () => {
  const closed = new ConnectionError('ERR_CLOSED', 'we left')
  const broken = new Error('broken pipe')
  expect(lostCall('stop', 'unknown', closed)).toMatchObject({ code: 'ERR_CLOSED', cause: closed, outcome: 'unknown' })
  expect(lostCall('stop', 'not-sent', broken)).toMatchObject({
    code: 'ERR_CONNECTION_LOST',
    cause: broken,
    message: 'stop: broken pipe',
  })
  expect(lostCall('stop', 'not-sent', undefined)).toMatchObject({ message: 'stop: not connected' })
})
