import { describe, expect, test } from 'vitest'
import {
  AbortError,
  CommandError,
  ConnectionError,
  ProtocolError,
  RefusedError,
  ScaleAbortError,
  TimeoutError,
  type Vcpu,
} from '../../../src/index.ts'
import { CpuMap } from '../../../src/index.ts'
import { faultOfError, type Trouble } from '../../soak/expectations.ts'
import { judgeCall, judgePicture, type Happened, type TrueVcpu } from '../../soak/judge.ts'
import { listed, Tally } from '../../soak/tally.ts'

const REASON = new Error('the caller lost patience')

describe('the way in which a call fails', () => {
  const timeout = new TimeoutError('no answer', { outcome: 'unknown' })
  const lost = new ConnectionError('ERR_CONNECTION_LOST', 'gone', { outcome: 'unknown' })

  test.each<[string, Error, Trouble]>([
    ['a refusal, always', new RefusedError('ERR_NOT_OFFLINABLE', 'vCPU 0 stays', 0), 'none'],
    ['a time-out of a hasty caller', timeout, 'hasty'],
    ['a lost connection that was cut', lost, 'cut'],
    ['an abort', new AbortError('aborted', 'not-sent', REASON), 'abort'],
    [
      'a run that is aborted',
      new ScaleAbortError('aborted', 'partial', REASON, { changed: CpuMap.empty, inDoubt: CpuMap.empty }),
      'abort',
    ],
    ['the reason itself, of a read', REASON, 'abort'],
    [
      'a connection that the system ended',
      new ConnectionError('ERR_CONNECTION_LOST', 'gone', {
        cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
      }),
      'cut',
    ],
  ])('%s is expected', (_, error, trouble) => {
    expect(faultOfError(error, trouble, REASON)).toBeUndefined()
  })

  test.each<[string, unknown, Trouble]>([
    ['a time-out where nothing was the matter', timeout, 'none'],
    ['a lost connection where nothing cut it', lost, 'guest-refuses'],
    ['a broken protocol, whatever happened', new ProtocolError('nonsense'), 'cut'],
    ['what has one as its cause', new TimeoutError('late', { cause: new ProtocolError('nonsense') }), 'hasty'],
    [
      'what has a bug as its cause',
      new TimeoutError('late', { cause: new TypeError('undefined is no function') }),
      'hasty',
    ],
    ['an error of no class of the package', new TypeError('undefined is no function'), 'restart'],
    ['what is not even an error', 'late', 'cut'],
    ['another’s reason', new Error('the caller lost patience'), 'abort'],
  ])('%s is false', (_, error, trouble) => {
    expect(faultOfError(error, trouble, REASON)).toBeDefined()
  })
})

describe('a call', () => {
  const cpu = (path: string, mayGo = false): TrueVcpu => ({ path, guest: null, mayGo })
  const truth = (...cpus: readonly (readonly [number, TrueVcpu])[]): ReadonlyMap<number, TrueVcpu> => new Map(cpus)
  const plug: Happened = {
    act: { call: 'plug', id: 5, guest: false, rollback: false },
    trouble: 'none',
    end: { state: 'done', value: undefined },
    reason: REASON,
    before: truth([0, cpu('a')]),
    after: truth([0, cpu('a')], [5, cpu('b')]),
  }
  const rejected = new CommandError('device_add', 'GenericError', 'no')

  test('that is done and has come about is true', () => {
    expect(judgeCall(plug)).toEqual([])
  })

  test('that is done and has not is false, unless another client or the guest could undo it', () => {
    expect(judgeCall({ ...plug, after: plug.before })).toEqual(['done, and vCPU 5 is not plugged'])
    expect(judgeCall({ ...plug, after: plug.before, trouble: 'rival' })).toEqual([])
    expect(judgeCall({ ...plug, before: truth([0, cpu('a')], [5, cpu('b', true)]), after: plug.before })).toEqual([])
  })

  test('that was rejected and changed something all the same is false', () => {
    const end = { state: 'failed', error: rejected } as const
    expect(judgeCall({ ...plug, end, trouble: 'cut' })).toEqual([
      'rejected as rejected (device_add: no), and vCPU 5 changed',
    ])
    expect(judgeCall({ ...plug, end, trouble: 'cut', after: plug.before })).toEqual([])
  })

  test('of which nothing is known may have changed something', () => {
    const end = { state: 'failed', error: new TimeoutError('late', { outcome: 'unknown' }) } as const
    expect(judgeCall({ ...plug, end, trouble: 'hasty' })).toEqual([])
  })

  test('that changes something and rejects without an outcome is false', () => {
    const end = { state: 'failed', error: new TimeoutError('late') } as const
    expect(judgeCall({ ...plug, end, trouble: 'hasty' })).toEqual(['a change rejected without an outcome'])
    expect(judgeCall({ ...plug, act: { call: 'maps' }, end, trouble: 'hasty' })).toEqual([])
  })

  test('for a count or several vCPUs is held to all of it', () => {
    expect(judgeCall({ ...plug, act: { call: 'scale', count: 3, guest: false } })).toEqual([
      'done, and 2 vCPUs are plugged',
    ])
    expect(judgeCall({ ...plug, act: { call: 'scale', count: 2, guest: false } })).toEqual([])
    expect(judgeCall({ ...plug, act: { call: 'states', ids: [5, 6], on: true } })).toEqual([
      'done, and vCPU 6 is not plugged',
    ])
  })
})

describe('what a domain says of its vCPUs', () => {
  const vcpu: Vcpu = {
    id: 0,
    online: true,
    onlinable: false,
    offlinable: false,
    slot: [0],
    type: 'qemu64-x86_64-cpu',
    deviceId: null,
    qomPath: '/machine/unattached/device[1]',
    props: {},
    hostThreadId: 7,
    guest: { id: 0, online: true, canOffline: false, confidence: 'exact' },
  }
  const really: TrueVcpu = { path: '/machine/unattached/device[1]', guest: { id: 0, online: true }, mayGo: false }

  test('is true where it is so', () => {
    expect(judgePicture([vcpu], new Map([[0, really]]))).toEqual([])
    expect(judgePicture([{ ...vcpu, guest: null }], new Map([[0, { ...really, guest: null }]]))).toEqual([])
  })

  test('that is not known is not false', () => {
    const unknown = { id: null, online: null, confidence: 'unknown' } as const
    expect(judgePicture([{ ...vcpu, guest: unknown }], new Map([[0, really]]))).toEqual([])
  })

  test.each<[string, Vcpu, TrueVcpu]>([
    ['another device', { ...vcpu, qomPath: '/machine/peripheral/vcpu0' }, really],
    ['one that is not plugged', { ...vcpu, online: false }, really],
    ['another CPU of the guest', vcpu, { ...really, guest: { id: 1, online: true } }],
    ['one that the guest does not run', vcpu, { ...really, guest: { id: 0, online: false } }],
    ['one that the guest has not', vcpu, { ...really, guest: null }],
    ['none, where the guest has one', { ...vcpu, guest: null }, really],
  ])('%s is false', (_, said, so) => {
    expect(judgePicture([said], new Map([[0, so]]))).toHaveLength(1)
  })
})

test('a tally counts by kind and keeps no more than some texts', () => {
  const tally = new Tally()
  for (let at = 0; at < 100; at++) tally.foundFalse('vm1', `wrong ${at}`)
  tally.ended('plug', { state: 'done', value: undefined })
  tally.ended('plug', { state: 'failed', error: new TimeoutError('late') })
  tally.ended('maps', { state: 'failed', error: REASON })
  expect(tally).toMatchObject({ operations: 3, falses: 100 })
  expect(tally.texts).toHaveLength(40)
  expect(listed(tally.acts)).toBe('2 plug, 1 maps')
  expect(listed(tally.refusals, 1)).toBe('1 TimeoutError ERR_TIMEOUT, 1 others')
})
