import { describe, expect, test } from 'vitest'
import { CommandError, ProtocolError } from '../../../src/errors/peer-errors.ts'
import { callQga, decodeReply, isKnownCommand } from '../../../src/qga/commands.ts'
import type { QgaExecutor } from '../../../src/qga/executor.ts'

const answering = (reply: unknown): QgaExecutor => ({
  execute: () => (reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply)),
})

describe('what a guest says', () => {
  test.each([
    [{ id: 'debian', 'kernel-release': '6.1.0', 'kernel-version': '#1 SMP', other: 7 }],
    [{ id: 'mswindows' }],
    [{ 'kernel-release': '6.1.0' }],
    [{ 'kernel-version': '#1 SMP' }],
    [{}],
  ])('of its system: %j', (info) => {
    const { other, ...known } = { other: undefined, ...info }
    expect(decodeReply('guest-get-osinfo', info)).toStrictEqual(known)
    expect(other === undefined || other === 7).toBe(true)
  })

  test('of its system is cut, escaped and checked', () => {
    expect(decodeReply('guest-get-osinfo', { id: `\u001b${'x'.repeat(300)}` }).id).toMatch(/^\\u\{1b\}x{199}… /)
    for (const [member, value] of Object.entries({ id: 1, 'kernel-release': null, 'kernel-version': [] })) {
      expect(() => decodeReply('guest-get-osinfo', { [member]: value })).toThrow(`guest-get-osinfo.${member} is`)
    }
  })

  test('of a CPU: can-offline is there only where the agent says it', () => {
    expect(decodeReply('guest-get-vcpus', [{ 'logical-id': 1, online: true }])).toStrictEqual([
      { 'logical-id': 1, online: true },
    ])
    expect(decodeReply('guest-get-vcpus', [{ 'logical-id': 1, online: true, 'can-offline': false }])).toStrictEqual([
      { 'logical-id': 1, online: true, 'can-offline': false },
    ])
  })

  test('of its filesystems', () => {
    expect(decodeReply('guest-fsfreeze-status', 'thawed')).toBe('thawed')
    expect(() => decodeReply('guest-fsfreeze-status', 1)).toThrow('guest-fsfreeze-status is 1')
  })

  test('where there is nothing to say, anything is nothing', () => {
    const decode: (command: 'guest-ping' | 'guest-file-close', value: unknown) => unknown = decodeReply
    expect(decode('guest-ping', { a: 1 })).toBeUndefined()
    expect(decode('guest-file-close', {})).toBeUndefined()
  })

  test('a known command is an own one', () => {
    expect(isKnownCommand('guest-ping')).toBe(true)
    expect(isKnownCommand('toString')).toBe(false)
  })
})

describe('an answer that makes no sense', () => {
  test('to a change: its result is not known', async () => {
    await expect(callQga(answering('x'), 'guest-set-vcpus', { vcpus: [] }, {})).rejects.toMatchObject({
      name: 'ProtocolError',
      outcome: 'unknown',
    })
  })

  test('to a question changes nothing', async () => {
    await expect(callQga(answering('x'), 'guest-get-vcpus', undefined, {})).rejects.toMatchObject({
      name: 'ProtocolError',
      outcome: undefined,
    })
  })

  test('what the executor rejects with stays what it is', async () => {
    for (const error of [
      new CommandError('x', 'GenericError', 'no'),
      new ProtocolError('odd', { outcome: 'not-sent' }),
    ]) {
      await expect(callQga(answering(error), 'guest-set-vcpus', { vcpus: [] }, {})).rejects.toBe(error)
    }
  })
})
