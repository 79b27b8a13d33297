// 70,000 small events in one piece on a Duplex ended the process: a promise that nothing awaited rejected (OverflowError), which
// Node takes for the end. Seen on a simulated VM. What must end: a dependency of a domain, an executor, a stream, a function of
// the caller's, that fails where no call is there to hear of it, and ends a process that manages other VMs.
import type { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CpuMap, Domain, type DomainOptions, type QmpEvent, type QmpExecutor } from '../../src/index.ts'
import { SimulatedVm } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'
import { ended, listenTo, resultOf } from './support.ts'

const REASONS = [new Error('broken'), 'broken', undefined, null, { then: 1 }]

const outrage = vi.fn()
const EVENTS = ['unhandledRejection', 'uncaughtException', 'warning'] as const

beforeEach(() => {
  outrage.mockReset()
  for (const event of EVENTS) process.on(event, outrage)
})

afterEach(() => {
  for (const event of EVENTS) process.off(event, outrage)
})

function simulated(): SimulatedVm {
  return new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock: testClock() })
}

/** Every call of a domain, each with a function of the caller's own that fails where it takes one. */
function everyCall(domain: Domain): PromiseLike<unknown>[] {
  const timeoutMs = 2_000
  const reject = (): Promise<never> => Promise.reject(new Error('onStep failed'))
  const fail = (): never => {
    throw new Error('the function given failed')
  }
  const layout = { smp: { cpus: 2, maxcpus: 8 }, devices: [], online: CpuMap.parse('0-2') }
  const calls: (() => PromiseLike<unknown>)[] = [
    () => domain.getVcpuMap('online', { timeoutMs }),
    () => domain.getVcpuMap('agent-onlinable', { timeoutMs }),
    () => domain.vcpus({ timeoutMs }),
    () => domain.vcpus({ timeoutMs, onGuestError: fail }),
    () => domain.guestCpuToVcpu(1, { timeoutMs }),
    () => domain.plan(4, { timeoutMs }),
    () => domain.doctor({ timeoutMs }),
    () => domain.exportLayout({ timeoutMs }),
    () => domain.setVcpuState(2, true, { timeoutMs, guest: true, rollback: true, onStep: reject }),
    () => domain.setVcpuState(3, true, { timeoutMs, onStep: fail }),
    () => domain.setVcpuState(1, false, { timeoutMs, guest: true, rollback: true, onStep: reject }),
    () => domain.setGuestVcpuState(1, false, { timeoutMs }),
    () => domain.setVcpuStates(CpuMap.parse('4-5'), true, { timeoutMs, guest: true, rollback: true }),
    () => domain.scale(6, { timeoutMs, guest: true, onStep: reject }),
    () => domain.scaleGuest(1, { timeoutMs }),
    () => domain.applyLayout(layout, { timeoutMs }),
  ]
  return calls.map((call) => {
    try {
      return call()
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  })
}

/** A whole life of a domain; nothing in it is awaited before all of it is under way, and each call settles. */
async function live(options: DomainOptions): Promise<void> {
  const clock = testClock()
  const connected = await ended(Domain.connect({ clock, timeoutMs: 1_000, ...options }))
  if (connected.state !== 'done') {
    expect(connected.state).toBe('failed')
  } else {
    const domain = connected.value
    listenTo(domain)
    const phases = domain.states()
    const settled = await Promise.all(everyCall(domain).map((call) => ended(call)))
    expect(settled.map(({ state }) => state)).not.toContain('pending')
    // A run that nothing looks at, ended by the close.
    void domain.scale(7)
    await domain.close()
    await phases.return()
  }
  // Node tells of a rejection that was not handled when the microtasks are done.
  for (let turn = 0; turn < 3; turn++) await clock.sleep(1_000)
  expect(outrage.mock.calls).toEqual([])
}

/** The executor of a daemon, in which one thing is another. */
function executors(
  vm: SimulatedVm,
  other: (qmp: QmpExecutor, qga: QmpExecutor) => { readonly qmp?: QmpExecutor; readonly qga?: QmpExecutor },
): DomainOptions {
  const [qmp, qga] = [vm.qmpExecutor(), vm.qgaExecutor()]
  return { qmp, qga, ...other(qmp, qga) }
}

const throwing = (reason: unknown): never => {
  throw reason
}
const rejecting = (reason: unknown): Promise<never> => Promise.reject(reason)

describe.each(REASONS)('with %s', (reason) => {
  test.each([
    ['rejects', rejecting],
    ['throws', throwing],
  ])("an executor of the monitor's that %s", async (_, fail) => {
    await live(executors(simulated(), () => ({ qmp: { execute: () => fail(reason) } })))
  })

  test.each([
    ['rejects', rejecting],
    ['throws', throwing],
  ])("an executor of the agent's that %s", async (_, fail) => {
    await live(executors(simulated(), () => ({ qga: { execute: () => fail(reason) } })))
  })

  test('an executor that rejects every second command', async () => {
    let at = 0
    const flaky = (inner: QmpExecutor): QmpExecutor => ({
      execute: (...call) => (++at % 2 === 0 ? rejecting(reason) : inner.execute(...call)),
    })
    await live(executors(simulated(), (qmp, qga) => ({ qmp: flaky(qmp), qga: flaky(qga) })))
  })

  const events: Readonly<Record<string, () => AsyncIterable<QmpEvent>>> = {
    'cannot be had': () => throwing(reason),
    'have no iterator': () => ({ [Symbol.asyncIterator]: () => throwing(reason) }),
    'reject at once': () => iterator({ next: () => rejecting(reason) }),
    throw: () => iterator({ next: () => throwing(reason) }),
    'are nonsense': () => iterator({ next: () => Promise.resolve(reason as unknown as IteratorResult<QmpEvent>) }),
    'reject when they are left': () => iterator({ next: never, return: () => rejecting(reason) }),
    'throw when they are left': () => iterator({ next: never, return: () => throwing(reason) }),
    'return no promise when they are left': () =>
      iterator({ next: never, return: () => reason as unknown as Promise<never> }),
  }
  test.each(Object.entries(events))('events that %s', async (_, make) => {
    await live(executors(simulated(), (qmp) => ({ qmp: { execute: qmp.execute.bind(qmp), events: make } })))
  })

  test.each([
    ['rejects', rejecting],
    ['throws', throwing],
  ])('a function that dials and %s, from the second time on', async (_, fail) => {
    const vm = simulated()
    let dials = 0
    const qmp = (): Duplex | Promise<Duplex> => (dials++ === 0 ? vm.qmp() : fail(reason))
    const drop = testClock().after(5, () => {
      vm.dropMonitor()
    })
    await live({ qmp, qga: () => fail(reason), lazyAgent: true, reconnect: 'eager' })
    drop.cancel()
  })

  test('a trace that throws', async () => {
    const vm = simulated()
    let seen = 0
    await live({ qmp: vm.qmp, qga: vm.qga, trace: () => (++seen > 40 ? throwing(reason) : undefined) })
  })
})

test('a Duplex that breaks in the middle of everything', async () => {
  const vm = simulated()
  const qmp = vm.qmp()
  testClock().after(3, () => {
    qmp.destroy(new Error('broken'))
  })
  await live({ qmp, qga: vm.qga, lazyAgent: true })
})

test('70,000 events at once, on a Duplex, with a reader of changes() who does not read', async () => {
  const vm = simulated()
  const domain = await resultOf(Domain.connect({ qmp: vm.qmp(), clock: testClock() }))
  const unread = domain.changes()
  for (let at = 0; at < 70_000; at++) vm.qemu.emit('VSERPORT_CHANGE', { id: 'x', open: at % 2 === 0 })
  for (let turn = 0; turn < 3; turn++) await testClock().sleep(100)
  expect(String(await resultOf(domain.getVcpuMap()))).toBe('0-1')
  await domain.close()
  let read = 0
  const reading = (async () => {
    for await (const { type } of unread) read += type.length
  })()
  await expect(reading).rejects.toMatchObject({ code: 'ERR_EVENT_OVERFLOW' })
  expect(read).toBeGreaterThan(0)
  expect(outrage.mock.calls).toEqual([])
})

function iterator(own: Pick<AsyncIterator<QmpEvent>, 'next' | 'return'>): AsyncIterable<QmpEvent> {
  return { [Symbol.asyncIterator]: () => own }
}

function never(): Promise<never> {
  return new Promise(() => undefined)
}
