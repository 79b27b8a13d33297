// A second unplug of a vCPU whose removal was pending joined the first and dropped its own `{ guest: true }`: nothing was
// turned off in the guest and the call was done. All who waited reported the vCPU as changed, so that sums counted it
// twice. Seen on a simulated QEMU. What must end: a join that is not the call it was, and a change that two calls own.
import { expect, test } from 'vitest'
import {
  answered,
  begin,
  connectSimulated,
  ended,
  errorOf,
  failureOf,
  resultOf,
  settle,
  timesReceived,
  TIMEOUT_MS,
  WITHOUT_FILES,
  type SimulatedOptions,
} from './support.ts'

/** An unplug of vCPU 1 that waits for the guest, which does not answer. */
async function pending(options: SimulatedOptions = {}) {
  const vm = await connectSimulated(options)
  vm.qemu.guest.onUnplug = 'ignore'
  const asked = answered(vm.qemu, 'device_del')
  const first = begin(vm.domain.setVcpuState(1, false))
  await asked
  return { ...vm, first }
}

test('a join with { guest: true } turns the CPU off', async () => {
  const { qemu, agent, domain, first } = await pending()
  const turnedOff = answered(agent, 'guest-set-vcpus')
  const second = begin(domain.setVcpuState(1, false, { guest: true }))
  await ended(turnedOff)
  expect(timesReceived(agent, 'guest-set-vcpus')).toBe(1)
  qemu.completePendingUnplug()
  const { changed, guest } = await resultOf(second)
  expect([String(changed), String(guest?.ids), String(guest?.changed)]).toEqual(['', '1', '1'])
  expect(String((await resultOf(first)).changed)).toBe('1')
})

test('a join with { guest: true } is refused where it is not sure which CPU that is', async () => {
  const { agent, domain } = await pending({ agent: WITHOUT_FILES })
  const error = await failureOf(domain.setVcpuState(1, false, { guest: true }))
  expect(error).toMatchObject({ name: 'RefusedError', code: 'ERR_UNSURE' })
  expect(timesReceived(agent, 'guest-set-vcpus')).toBe(0)
})

test('one of those who wait has changed it', async () => {
  const { qemu, domain, first } = await pending()
  const calls = [first, begin(domain.setVcpuState(1, false)), begin(domain.setVcpuState(1, false))]
  await settle()
  qemu.completePendingUnplug()
  const results = await Promise.all(calls.map((call) => resultOf(call)))
  expect(results.map(({ changed }) => String(changed))).toEqual(['1', '', ''])
  expect(timesReceived(qemu, 'device_del')).toBe(1)
})

test('unplugs in the same tick: one request, one that changed it', async () => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onUnplug = 'ignore'
  const asked = answered(qemu, 'device_del')
  const calls = Array.from({ length: 3 }, () => begin(domain.setVcpuState(1, false)))
  await asked
  qemu.completePendingUnplug()
  const changed = (await Promise.all(calls.map((call) => resultOf(call)))).map((result) => String(result.changed))
  expect(changed.toSorted()).toEqual(['', '', '1'])
  expect(timesReceived(qemu, 'device_del')).toBe(1)
})

test('where the first gave up, the change is that of the next', async () => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onUnplug = 'ignore'
  const asked = answered(qemu, 'device_del')
  const first = ended(domain.setVcpuState(1, false, { timeoutMs: TIMEOUT_MS }))
  await asked
  const joined = [begin(domain.setVcpuState(1, false)), begin(domain.setVcpuState(1, false))]
  expect(errorOf(await first).outcome).toBe('unknown')
  qemu.completePendingUnplug()
  expect((await Promise.all(joined.map((call) => resultOf(call)))).map(({ changed }) => String(changed))).toEqual([
    '1',
    '',
  ])
})

test('a sum over runs counts each removal once', async () => {
  const { qemu, domain, first } = await pending()
  const run = begin(domain.scale(1))
  await settle()
  qemu.completePendingUnplug()
  const counts = [(await resultOf(first)).changed.size, (await resultOf(run)).changed.size]
  expect(counts).toEqual([1, 0])
})
