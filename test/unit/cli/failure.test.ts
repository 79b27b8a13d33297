import { describe, expect, it } from 'vitest'
import { failureLine, failureOf } from '../../../src/cli/failure.ts'
import {
  CommandError,
  ConnectionError,
  CpuMap,
  GuestChangeError,
  RefusedError,
  TimeoutError,
  type Outcome,
} from '../../../src/index.ts'

/** A change whose guest's part failed of `cause`. */
function halfDone(cause: Error | undefined, outcome: Outcome): GuestChangeError {
  return new GuestChangeError('half', { code: 'ERR_UNSURE', failedStep: 'online-in-guest', steps: [], outcome, cause })
}

describe('what a failure means', () => {
  it.each([
    [new ConnectionError('ERR_CONNECTION_LOST', 'gone'), 'changing', 'unknown', 3],
    [new ConnectionError('ERR_CONNECTION_LOST', 'gone', { outcome: 'not-sent' }), 'changing', 'not-sent', 3],
    [new ConnectionError('ERR_CONNECTION_LOST', 'gone', { outcome: 'unknown' }), 'harmless', 'not-sent', 3],
    [new TimeoutError('late', { outcome: 'unknown' }), 'changing', 'unknown', 4],
    [new TimeoutError('late', { outcome: 'unknown' }), 'harmless', 'not-sent', 4],
    [new CommandError('device_add', 'GenericError', 'no'), 'changing', 'rejected', 1],
    [halfDone(new TimeoutError('late'), 'partial'), 'changing', 'partial', 4],
    [halfDone(new TimeoutError('late'), 'rejected'), 'changing', 'rejected', 1],
    [halfDone(new ConnectionError('ERR_CONNECTION_LOST', 'gone'), 'unknown'), 'changing', 'unknown', 3],
    [halfDone(undefined, 'partial'), 'changing', 'partial', 1],
    [new Error('a defect'), 'changing', 'unknown', 1],
    [new Error('a defect'), 'harmless', 'not-sent', 1],
    ['no error at all', 'changing', 'unknown', 1],
  ] as const)('%s while %s: %s, exit %i', (error, stage, outcome, exitCode) => {
    expect(failureOf(error, stage)).toMatchObject({ outcome, exitCode })
  })

  it('names what is not an error of the package a defect', () => {
    expect(failureOf(new TypeError('x is undefined'), 'harmless')).toMatchObject({ code: 'ERR_INTERNAL' })
  })
})

describe('the line for people', () => {
  function lineOf(error: unknown): string {
    return failureLine(failureOf(error, 'changing'))
  }

  it('is one line, whatever a peer says', () => {
    const said = `no\r\n\u001b]0;title\u0007${'y'.repeat(10_000)}`
    const line = lineOf(new CommandError('device_add', 'GenericError', said))
    expect(line).toMatch(/^qemu-vcpu: device_add: no\\u\{d\}\\u\{a\}\\u\{1b\}\]0;title\\u\{7\}y+/)
    expect(line).not.toMatch(/\p{Cc}/u)
    expect(line.length).toBeLessThan(3_000)
  })

  it('says where to look when the result is unknown', () => {
    expect(lineOf(new TimeoutError('no answer', { outcome: 'unknown' }))).toBe(
      "qemu-vcpu: no answer (it may have been done, or still be: look with 'qemu-vcpu list')",
    )
    expect(lineOf(new TimeoutError('no answer', { outcome: 'not-sent' }))).toBe('qemu-vcpu: no answer')
  })

  it('says what to add for a whole slot', () => {
    const error = new RefusedError('ERR_PART_OF_SLOT', 'vCPU 6 is a part of 4-7', 6, CpuMap.range(4, 7))
    expect(lineOf(error)).toBe('qemu-vcpu: vCPU 6 is a part of 4-7 (with --whole-slot)')
  })
})
