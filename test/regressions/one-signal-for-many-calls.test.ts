// 11 calls at once under one AbortSignal made Node warn of a leak, and a daemon has thousands. Seen on a simulated VM. What must
// end: a signal of the caller's that is kept busy by calls that are over, or that carries a listener for each call under way.
import { getEventListeners } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { CpuMap, Domain, type CallOptions, type DomainOptions } from '../../src/index.ts'
import { SimulatedVm } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'
import { resultOf } from './support.ts'

/** Under way at once, when they are ended from outside. */
const CALLS = 10_000
/** Under way at once, and each carried out. */
const CARRIED_OUT = 1_000

const warned = vi.fn()

beforeEach(() => {
  warned.mockReset()
  process.on('warning', warned)
})

afterEach(() => {
  process.off('warning', warned)
})

function listeners(signal: AbortSignal): number {
  return getEventListeners(signal, 'abort').length
}

async function start(make: (vm: SimulatedVm) => Partial<DomainOptions> = () => ({})) {
  const clock = testClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  const domain = await resultOf(Domain.connect({ qmp: vm.qmp, qga: vm.qga, clock, ...make(vm) }))
  return { clock, vm, domain }
}

/** Every kind of call; the run is looked at both as a promise and as progress. */
const kinds: Readonly<Record<string, (domain: Domain, options: CallOptions) => PromiseLike<unknown>>> = {
  getVcpuMap: (domain, options) => domain.getVcpuMap('online', options),
  getGuestMaps: (domain, options) => domain.getGuestMaps(options),
  vcpus: (domain, options) => domain.vcpus(options),
  guestCpuToVcpu: (domain, options) => domain.guestCpuToVcpu(1, options),
  plan: (domain, options) => domain.plan(4, options),
  exportLayout: (domain, options) => domain.exportLayout(options),
  doctor: (domain, options) => domain.doctor(options),
  'a change that is done already': (domain, options) => domain.setVcpuState(1, true, options),
  'a change of the guest': (domain, options) => domain.setGuestVcpuState(1, true, options),
  'a plug and an unplug': (domain, options) =>
    domain.setVcpuState(2, true, options).then(() => domain.setVcpuState(2, false, options)),
  'a run': async (domain, options) => {
    const run = domain.scale(2, options)
    let told = 0
    for await (const { type } of run) told += type.length
    expect(told).toBeGreaterThan(0)
    return run
  },
  'a run of a map': (domain, options) => domain.setVcpuStates(CpuMap.parse('0-1'), true, options),
  'a run in the guest': (domain, options) => domain.scaleGuest(2, options),
}

/** So many calls, of every kind; fewer of the dear ones. */
function callsOf(domain: Domain, options: CallOptions, count: number): Promise<unknown>[] {
  const dear = new Set(['doctor', 'a plug and an unplug'])
  const makers = Object.entries(kinds)
  const cheap = makers.filter(([name]) => !dear.has(name))
  const few = makers.filter(([name]) => dear.has(name)).flatMap(([, make]) => Array.from({ length: 5 }, () => make))
  const many = Array.from({ length: count - few.length }, (_, at) => cheap[at % cheap.length]?.[1])
  return [...few, ...many].flatMap((make) => (make === undefined ? [] : [Promise.resolve(make(domain, options))]))
}

const ways: Readonly<Record<string, (vm: SimulatedVm) => Partial<DomainOptions>>> = {
  'connections of its own': () => ({}),
  "a daemon's executors": (vm) => ({ qmp: vm.qmpExecutor(), qga: vm.qgaExecutor() }),
}

describe.each(Object.entries(ways))('over %s', (_, make) => {
  test('calls that end well', { timeout: 120_000 }, async () => {
    const { domain } = await start(make)
    const { signal } = new AbortController()
    const changes = domain.changes()
    const calls = callsOf(domain, { signal, timeoutMs: 3_600_000 }, CARRIED_OUT)
    expect(calls.length).toBe(CARRIED_OUT)
    expect(listeners(signal)).toBeLessThanOrEqual(1)
    const ends = await Promise.allSettled(calls)
    const failures = ends.flatMap((each) => (each.status === 'rejected' ? [String(each.reason)] : []))
    expect(failures.slice(0, 3).join('; ')).toBe('')
    expect(listeners(signal)).toBe(0)
    await changes.return()
    await domain.close()
    expect(warned.mock.calls).toEqual([])
  })

  test.each([
    [
      'are aborted',
      (controller: AbortController) => {
        controller.abort(new Error('enough'))
      },
    ],
    [
      'are ended by close()',
      (_controller: AbortController, domain: Domain) => {
        void domain.close()
      },
    ],
  ])('10,000 calls that %s', { timeout: 120_000 }, async (_how, end) => {
    const { clock, vm, domain } = await start(make)
    for (const command of ['query-cpus-fast', 'guest-get-vcpus']) vm.inject({ at: { command }, do: 'hang' })
    const controller = new AbortController()
    const calls = callsOf(domain, { signal: controller.signal, timeoutMs: 3_600_000 }, CALLS)
    await clock.sleep(5)
    expect(listeners(controller.signal)).toBe(1)
    end(controller, domain)
    const ends = await Promise.allSettled(calls)
    expect(ends.filter(({ status }) => status === 'fulfilled')).toEqual([])
    expect(listeners(controller.signal)).toBe(0)
    await domain.close()
    expect(warned.mock.calls).toEqual([])
  })
})

test('connecting leaves none, whether it succeeds or not', async () => {
  const { vm, clock } = await start()
  const { signal } = new AbortController()
  const domain = await resultOf(Domain.connect({ qmp: vm.qmpExecutor(), qga: vm.qgaExecutor(), clock, signal }))
  const failed = Domain.connect({ qmp: () => Promise.reject(new Error('no')), clock, signal })
  await expect(failed).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  expect(listeners(signal)).toBe(0)
  await domain.close()
  expect(warned.mock.calls).toEqual([])
})
