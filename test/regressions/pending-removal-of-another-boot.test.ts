// While the monitor was down the guest was reset, or QEMU was started again at the same path. The second unplug only
// joined the first, sent no device_del and timed out; seen on a simulated QEMU and on a real guest with a missed RESET.
// What must end: a pending removal that the present QEMU, or the present boot of the guest, has never heard of.
import { expect, onTestFinished, test } from 'vitest'
import { QmpClient } from '../../src/qmp/index.ts'
import {
  connect,
  connectShared,
  connectSimulated,
  dialling,
  failureOf,
  resultOf,
  settle,
  simulate,
  testClock,
  timesReceived,
  TIMEOUT_MS,
  until,
  withoutEvents,
} from './support.ts'

test('a reset while the monitor was down: the next unplug asks again', async () => {
  const { qemu, domain } = await connectSimulated({ qmp: (vm) => dialling(() => vm.connect()) })
  qemu.guest.onUnplug = 'ignore'
  await failureOf(domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  // Another client waits for its turn at the monitor, resets the guest, and leaves.
  const waiting = QmpClient.connect(qemu.connect(), { clock: testClock() })
  qemu.dropClient()
  const other = await waiting
  onTestFinished(() => other.close())
  await other.execute('system_reset')
  await settle()
  await other.close()
  qemu.guest.onUnplug = 'remove'
  expect(String((await resultOf(domain.setVcpuState(1, false))).changed)).toBe('1')
  expect(timesReceived(qemu, 'device_del')).toBe(2)
})

test('a reset that an executor without events did not tell of: the next unplug asks again', async () => {
  const { qemu, domain, monitor } = await connectShared({}, withoutEvents)
  qemu.guest.onUnplug = 'ignore'
  await failureOf(domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  await monitor.execute('system_reset')
  await settle()
  qemu.guest.onUnplug = 'remove'
  expect(String((await resultOf(domain.setVcpuState(1, false))).changed)).toBe('1')
  expect(timesReceived(qemu, 'device_del')).toBe(2)
})

/** An unplug is pending, QEMU ends, and another one of the same machine is dialled in its place. */
async function restarted() {
  const { qemu: first } = simulate()
  let dialled = first
  const domain = await connect({ qmp: dialling(() => dialled.connect()) })
  first.guest.onUnplug = 'ignore'
  await failureOf(domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  await first[Symbol.asyncDispose]()
  const { qemu: second } = simulate()
  dialled = second
  // Until the domain has met the new one.
  const look = () => domain.getVcpuMap().then(String, () => 'not reached')
  await until(async () => (await look()) === '0-1')
  return { qemu: second, domain }
}

test('a restarted QEMU has no pending removal', async () => {
  const { domain } = await restarted()
  expect(String(domain.pendingRemovals())).toBe('')
})

test('an unplug asks a restarted QEMU', async () => {
  const { qemu, domain } = await restarted()
  expect(String((await resultOf(domain.setVcpuState(1, false))).changed)).toBe('1')
  expect(timesReceived(qemu, 'device_del')).toBe(1)
})

test('a vCPU of a restarted QEMU counts as plugged', async () => {
  const { domain } = await restarted()
  expect(String((await resultOf(domain.setVcpuState(1, true))).changed)).toBe('')
})
