import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { expect, onTestFinished, test } from 'vitest'
import {
  CHANGE_CHANNEL,
  COMMAND_CHANNEL,
  CpuMap,
  Domain,
  EVENT_CHANNEL,
  LIMIT_CHANNEL,
  STATE_CHANNEL,
  type QmpEvent,
  type QmpExecutor,
} from '../../../src/index.ts'
import { publishChange, publishEvent } from '../../../src/domain/telemetry.ts'
import { timedDomain } from '../../support/timed-domain.ts'
import { watchCalls, watchChannel, watchedChannels, type Published } from '../../support/watch-channels.ts'

const ALL = [COMMAND_CHANNEL, CHANGE_CHANNEL, EVENT_CHANNEL, STATE_CHANNEL, LIMIT_CHANNEL]

function ends(seen: readonly Published[]): readonly unknown[] {
  return seen.filter(([part]) => part === 'asyncEnd').map(([, message]) => message)
}

test('the names of the channels are public', () => {
  expect(ALL).toEqual([
    'qemu-vcpu:command',
    'qemu-vcpu:change',
    'qemu-vcpu:event',
    'qemu-vcpu:state',
    'qemu-vcpu:limit',
  ])
})

test('each command is a call, of either peer, with the name of its VM', async () => {
  const { clock, domain } = await timedDomain({}, { name: 'vm1' })
  const { seen } = watchCalls(COMMAND_CHANNEL)
  await clock.run(domain.setVcpuState(5, true))
  await clock.run(domain.getVcpuMap('agent-online'))
  const add = seen.filter(([, { command }]) => command === 'device_add')
  expect(add).toEqual(
    ['start', 'end', 'asyncStart', 'asyncEnd'].map((part) => [
      part,
      // Its result is not published.
      { vm: 'vm1', peer: 'qmp', command: 'device_add', ...(part.startsWith('async') && { result: undefined }) },
    ]),
  )
  expect(seen[0]).toMatchObject(['start', { peer: 'qmp' }])
  expect(seen.at(-1)).toMatchObject(['asyncEnd', { vm: 'vm1', peer: 'qga', command: 'guest-get-vcpus' }])
})

test('a command that fails has its error, which is the one that its caller gets', async () => {
  const { clock, vm, domain } = await timedDomain()
  const { seen } = watchCalls(COMMAND_CHANNEL)
  vm.inject({ at: { command: 'device_add' }, do: 'error', desc: 'no\u001b[31m room' })
  const failure: unknown = await clock.run(domain.setVcpuState(5, true)).catch((error: unknown) => error)
  const errors = seen.filter(([part]) => part === 'error')
  expect(errors).toMatchObject([['error', { command: 'device_add', error: { code: 'ERR_COMMAND' } }]])
  expect(String(errors[0]?.[1]['error'])).not.toContain('\u001b')
  expect(failure).toMatchObject({ code: 'ERR_COMMAND', outcome: 'rejected' })
})

test('a change is a call with its outcome, what it changed and its steps', async () => {
  const { clock, domain } = await timedDomain({}, { name: 'vm1' })
  const { seen } = watchCalls(CHANGE_CHANNEL)
  const result = await clock.run(domain.setVcpuState(5, true))
  expect(seen.map(([part]) => part)).toEqual(['start', 'end', 'asyncStart', 'asyncEnd'])
  const begun = { vm: 'vm1', change: 'plug', what: 'plug of vCPU 5', id: 5 }
  expect(seen[0]?.[1]).toEqual(begun)
  expect(ends(seen)).toEqual([
    { ...begun, outcome: 'done', changed: CpuMap.of(5), steps: result.steps, result: undefined },
  ])
  expect(result.steps.length).toBeGreaterThan(1)
})

test('a change that fails has the code and the outcome of its error, and the steps up to there', async () => {
  const { clock, domain } = await timedDomain({ guest: { onUnplug: 'refuse' } })
  const { seen } = watchCalls(CHANGE_CHANNEL)
  const failure: unknown = await clock.run(domain.setVcpuState(1, false)).catch((error: unknown) => error)
  expect(ends(seen)).toMatchObject([
    { change: 'unplug', id: 1, outcome: 'rejected', code: 'ERR_GUEST_REFUSED', steps: [{ step: 'device_del' }] },
  ])
  expect(seen.find(([part]) => part === 'error')?.[1]['error']).toBe(failure)
})

test('a run of several changes is one too, and so is each CPU of the guest', async () => {
  const { clock, domain } = await timedDomain()
  const { seen } = watchCalls(CHANGE_CHANNEL)
  await clock.run(Promise.resolve(domain.scale(4)))
  await clock.run(domain.scaleGuest(1))
  await clock.run(domain.setGuestVcpuState(1, true))
  expect(ends(seen)).toMatchObject([
    { change: 'plug', id: 2 },
    { change: 'plug', id: 3 },
    { change: 'scale', what: 'scaling to 4 vCPUs', outcome: 'done', changed: CpuMap.of(2, 3) },
    { change: 'guest-off', id: 1, outcome: 'done' },
    { change: 'guest-scale', outcome: 'done' },
    { change: 'guest-on', id: 1, outcome: 'done' },
  ])
  expect(seen.filter(([part]) => part === 'start').map(([, { change }]) => change)).toEqual([
    'scale',
    'plug',
    'plug',
    'guest-scale',
    'guest-off',
    'guest-on',
  ])
})

test('a run that fails says what it had changed', async () => {
  const { clock, vm, domain } = await timedDomain()
  const { seen } = watchCalls(CHANGE_CHANNEL)
  vm.inject({ at: { command: 'device_add', nth: 2 }, do: 'error' })
  await expect(clock.run(Promise.resolve(domain.scale(5)))).rejects.toMatchObject({ name: 'ScaleError' })
  expect(ends(seen).at(-1)).toMatchObject({ change: 'scale', outcome: 'partial', changed: CpuMap.of(2) })
})

test('the commands of a change run in its async context', async () => {
  const { clock, domain } = await timedDomain()
  const contexts = new AsyncLocalStorage<unknown>()
  const { start } = tracingChannel(CHANGE_CHANNEL)
  start.bindStore(contexts, (message) => message)
  const inside: (readonly [message: unknown, context: unknown])[] = []
  const note = (message: unknown): void => {
    inside.push([message, contexts.getStore()])
  }
  subscribe(`tracing:${COMMAND_CHANNEL}:start`, note)
  onTestFinished(() => {
    start.unbindStore(contexts)
    unsubscribe(`tracing:${COMMAND_CHANNEL}:start`, note)
  })
  await Promise.all([clock.run(domain.setVcpuState(5, true)), clock.run(domain.setVcpuState(6, true))])
  const adds = inside.filter(([message]) =>
    Object.entries(message ?? {}).some(([key, value]) => key === 'command' && value === 'device_add'),
  )
  expect(adds).toMatchObject([
    [{ command: 'device_add' }, { id: 5 }],
    [{ command: 'device_add' }, { id: 6 }],
  ])
  // Outside of a change there is none.
  inside.length = 0
  await clock.run(domain.getVcpuMap())
  expect(inside).toMatchObject([
    [{ command: 'query-hotpluggable-cpus' }, undefined],
    [{ command: 'query-cpus-fast' }, undefined],
  ])
})

test('events, known or not, with no text that steers a terminal', async () => {
  const { vm, clock, domain } = await timedDomain({}, { name: 'vm1' })
  const { seen } = watchChannel(EVENT_CHANNEL)
  vm.qemu.emit('BREWED\u0007', { cups: 2, label: 'a\u001b[2Jb', deep: [{ 'k\n': '\u202e' }] })
  await clock.run(domain.getVcpuMap())
  expect(seen).toEqual([
    [
      'message',
      {
        vm: 'vm1',
        event: 'BREWED\\u{7}',
        data: { cups: 2, label: 'a\\u{1b}[2Jb', deep: [{ 'k\\u{a}': '\\u{202e}' }] },
        timestamp: expect.anything() as unknown,
      },
    ],
  ])
})

test('each state, with its cause, and nothing after close()', async () => {
  const states = watchChannel(STATE_CHANNEL).seen
  const events = watchChannel(EVENT_CHANNEL).seen
  const commands = watchCalls(COMMAND_CHANNEL).seen
  const { vm, clock, domain } = await timedDomain({}, { name: 'vm1' })
  vm.dropMonitor()
  await clock.advance(1)
  await clock.run(domain.getVcpuMap())
  const last = domain.getVcpuMap().catch((error: unknown) => error)
  await domain.close()
  await clock.run(last)
  expect(states).toMatchObject([
    ['message', { vm: 'vm1', state: 'connected' }],
    ['message', { vm: 'vm1', state: 'reconnecting', cause: { code: 'ERR_CONNECTION_LOST' } }],
    ['message', { vm: 'vm1', state: 'connected' }],
    ['message', { vm: 'vm1', state: 'closed' }],
  ])
  // Every command that began has ended.
  const count = (part: string): number => commands.filter(([each]) => each === part).length
  expect(count('asyncEnd')).toBe(count('start'))
  const before = [states.length, events.length, commands.length]
  vm.qemu.emit('RESUME')
  await clock.advance(60_000)
  await expect(domain.getVcpuMap()).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  expect([states.length, events.length, commands.length]).toEqual(before)
})

test('an executor of the caller’s own is watched in the same way', async () => {
  const { vm, clock } = await timedDomain()
  const qmp: QmpExecutor = vm.qmpExecutor()
  const domain = await clock.run(Domain.connect({ qmp, clock, name: 'lent' }))
  onTestFinished(() => domain.close())
  const { seen } = watchCalls(COMMAND_CHANNEL)
  await clock.run(domain.setVcpuState(5, true))
  expect(seen).toContainEqual(['start', { vm: 'lent', peer: 'qmp', command: 'device_add' }])
})

test('a limit that is passed is published once, however many calls it ends', async () => {
  const { vm, clock, domain } = await timedDomain({}, { name: 'vm1', limits: { qmp: { pending: 2 }, maxVcpus: 4 } })
  const { seen } = watchChannel(LIMIT_CHANNEL)
  await expect(clock.run(domain.getVcpuMap())).rejects.toMatchObject({ code: 'ERR_TOO_MANY_VCPUS' })
  expect(seen).toMatchObject([
    [
      'message',
      {
        vm: 'vm1',
        peer: 'qmp',
        code: 'ERR_TOO_MANY_VCPUS',
        message: expect.stringContaining('maxVcpus is 4') as unknown,
      },
    ],
  ])
  const reads = await clock.run(
    Promise.allSettled([domain.exportLayout(), domain.exportLayout(), domain.exportLayout()]),
  )
  expect(reads.map(({ status }) => status)).toContain('rejected')
  expect(seen.map(([, { code }]) => code)).toContain('ERR_TOO_MANY_PENDING')
  vm.kill()
})

test('a connection that ends by a limit is one limit, and each of its calls an error', async () => {
  const { vm, clock, domain } = await timedDomain({}, { name: 'vm1', limits: { qmp: { messageBytes: 65_536 } } })
  const limits = watchChannel(LIMIT_CHANNEL).seen
  const commands = watchCalls(COMMAND_CHANNEL).seen
  vm.inject({ at: { command: 'query-hotpluggable-cpus', nth: 1 }, do: 'nonsense', raw: '7'.repeat(500_000) })
  await clock.run(Promise.allSettled([domain.getVcpuMap(), domain.getVcpuMap()]))
  expect(limits).toMatchObject([['message', { vm: 'vm1', peer: 'qmp', code: 'ERR_MESSAGE_TOO_LARGE' }]])
  expect(commands.filter(([part]) => part === 'error').length).toBeGreaterThan(1)
})

test('a limit that ends a connection without a call is published too', async () => {
  const { vm, clock } = await timedDomain({}, { name: 'vm1', limits: { qmp: { messageBytes: 65_536 } } })
  const { seen } = watchChannel(LIMIT_CHANNEL)
  vm.qemu.emit('BREWED', { label: '7'.repeat(500_000) })
  await clock.advance(1)
  expect(seen).toMatchObject([['message', { vm: 'vm1', peer: 'qmp', code: 'ERR_MESSAGE_TOO_LARGE' }]])
})

test('an executor that still gives events after close() is not heard', async () => {
  const { vm, clock } = await timedDomain()
  let give: (event: QmpEvent) => void = () => undefined
  const given = new Promise<IteratorResult<QmpEvent>>((resolve) => {
    give = (value) => {
      resolve({ done: false, value })
    }
  })
  const qmp: QmpExecutor = {
    execute: (...call) => vm.qmpExecutor().execute(...call),
    // It does not know how to be left.
    events: () => {
      const answers = [given]
      const never = new Promise<never>(() => undefined)
      return { [Symbol.asyncIterator]: () => ({ next: () => answers.shift() ?? never }) }
    },
  }
  const domain = await clock.run(Domain.connect({ qmp, clock }))
  const { seen } = watchChannel(EVENT_CHANNEL)
  await domain.close()
  give({ event: 'RESUME', data: {}, timestamp: { seconds: 0, microseconds: 0 } })
  await clock.advance(1)
  expect(seen).toEqual([])
})

test('nothing is subscribed here, and what stops is no longer published to', async () => {
  expect(watchedChannels(ALL)).toEqual([])
  const { clock, domain } = await timedDomain()
  const { seen, stop } = watchCalls(COMMAND_CHANNEL)
  expect(watchedChannels(ALL)).toHaveLength(5)
  await clock.run(domain.getVcpuMap())
  stop()
  const before = seen.length
  await clock.run(domain.getVcpuMap())
  expect(seen).toHaveLength(before)
  expect(watchedChannels(ALL)).toEqual([])
})

test('without a subscriber nothing is made for one', () => {
  const answer = Promise.resolve({ changed: CpuMap.empty })
  const never = (): never => {
    throw new Error('looked at')
  }
  expect(publishChange(never, () => answer, never)).toBe(answer)
  const data = Object.defineProperty({}, 'label', { enumerable: true, get: never })
  publishEvent({ name: 'vm1', state: {} }, { event: 'BREWED', data, timestamp: { seconds: 0, microseconds: 0 } })
  watchChannel(EVENT_CHANNEL)
  expect(() => {
    publishEvent({ name: 'vm1', state: {} }, { event: 'BREWED', data, timestamp: { seconds: 0, microseconds: 0 } })
  }).toThrow('looked at')
})

test('without a subscriber a call of an executor is the executor’s own promise', async () => {
  const { watchedExecute } = await import('../../../src/wire/telemetry.ts')
  const answer = Promise.resolve({})
  const execute = watchedExecute({ execute: () => answer }, 'vm1', 'qmp')
  expect(execute('query-status')).toBe(answer)
  watchCalls(COMMAND_CHANNEL)
  expect(execute('query-status')).not.toBe(answer)
})
