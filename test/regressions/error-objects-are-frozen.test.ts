// One error object served several calls, and each call wrote its own outcome into it: a later call made the first call's
// error say `not-sent` although its vCPU had been plugged, and a caller's signal.reason was written to as well. Seen with
// an executor that rejects with one object. What must end: an error that changes after it was handed out.
import { expect, test } from 'vitest'
import { ConnectionError, TimeoutError, type Domain, type QmpExecutor } from '../../src/index.ts'
import { hang, Refusal } from '../../src/testing/index.ts'
import {
  connect,
  connectSimulated,
  daemonsMonitor,
  failureOf,
  settle,
  simulate,
  TIMEOUT_MS,
  type Simulated,
} from './support.ts'

test('a later call does not rewrite the error of an earlier one', async () => {
  const { qemu } = simulate()
  const monitor = await daemonsMonitor(qemu)
  const gone = new ConnectionError('ERR_CONNECTION_LOST', 'the daemon lost its monitor')
  let isGone = false
  const executor: QmpExecutor = {
    execute: async (command, args, options) => {
      if (isGone) throw gone
      const value = await monitor.execute(command, args, options)
      isGone = command === 'device_add'
      return value
    },
  }
  const domain = await connect({ qmp: executor })
  const first = await failureOf(domain.setVcpuState(5, true))
  expect(first.outcome).toBe('unknown')
  const second = await failureOf(domain.setVcpuState(6, true))
  expect(second.outcome).toBe('not-sent')
  expect(first.outcome).toBe('unknown')
  expect(gone.outcome).toBeUndefined()
})

test.each([
  ['device_add', (domain: Domain, signal: AbortSignal) => domain.setVcpuState(5, true, { signal })],
  ['device_del', (domain: Domain, signal: AbortSignal) => domain.setVcpuState(1, false, { signal })],
  ['query-cpus-fast', (domain: Domain, signal: AbortSignal) => domain.setVcpuState(5, true, { signal })],
  ['query-hotpluggable-cpus', (domain: Domain, signal: AbortSignal) => domain.scale(5, { signal })],
] as const)('a signal’s reason is not written to: an abort during %s', async (command, call) => {
  const { qemu, domain } = await connectSimulated()
  const abort = new AbortController()
  // One of the package's own errors, as a caller may well choose.
  const reason = new TimeoutError('the caller lost patience')
  qemu.onCommand(command, (args, usual) => {
    abort.abort(reason)
    return hang(args, usual)
  })
  const error = await failureOf(call(domain, abort.signal))
  await settle()
  expect(reason.outcome).toBeUndefined()
  expect(error.cause).toBe(reason)
})

const failures: [string, (vm: Simulated) => PromiseLike<unknown>][] = [
  ['InputError', ({ domain }) => domain.setVcpuState(-1, true)],
  ['RefusedError', ({ domain }) => domain.setVcpuState(0, false)],
  [
    'CommandError',
    ({ qemu, domain }) => {
      qemu.onCommand('device_add', () => {
        throw new Refusal('not while a migration is under way')
      })
      return domain.setVcpuState(5, true)
    },
  ],
  [
    'TimeoutError',
    ({ qemu, domain }) => {
      qemu.guest.onUnplug = 'ignore'
      return domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS })
    },
  ],
  [
    'GuestRefusedError',
    ({ qemu, domain }) => {
      qemu.guest.onUnplug = 'refuse'
      return domain.setVcpuState(1, false)
    },
  ],
  [
    'GuestChangeError',
    ({ qemu, domain }) => {
      qemu.guest.onPlug = 'refuse'
      return domain.setVcpuState(5, true, { guest: true })
    },
  ],
  [
    'NotConfirmedError',
    ({ agent, domain }) => {
      agent.onCommand('guest-set-vcpus', () => 1)
      return domain.setGuestVcpuState(1, false)
    },
  ],
  [
    'ScaleError',
    ({ qemu, domain }) => {
      qemu.guest.onPlug = 'refuse'
      return domain.scale(4, { guest: true })
    },
  ],
  ['NotReachableError', ({ domain }) => domain.scale(99)],
  [
    'ConnectionError',
    ({ qemu, domain }) => {
      qemu.onCommand('device_add', () => {
        qemu.kill()
      })
      return domain.setVcpuState(5, true)
    },
  ],
  [
    'AbortError',
    ({ qemu, domain }) => {
      const abort = new AbortController()
      qemu.onCommand('device_add', (args, usual) => {
        abort.abort()
        return hang(args, usual)
      })
      return domain.setVcpuState(5, true, { signal: abort.signal })
    },
  ],
]

test.each(failures)('%s', async (name, call) => {
  const error = await failureOf(call(await connectSimulated()))
  expect(error.name).toBe(name)
  expect(Object.isFrozen(error)).toBe(true)
})
