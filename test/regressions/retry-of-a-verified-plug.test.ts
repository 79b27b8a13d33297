// `set 5 on --guest` timed out because the guest was slow; its retry was refused at once as ERR_UNSURE, since the guest
// did not list the CPU yet, which it did 200 ms later. Seen on a simulated guest. What must end: a retry that does not
// wait for what the first call waited for.
import { expect, test } from 'vitest'
import {
  answered,
  begin,
  connectSimulated,
  failureOf,
  resultOf,
  timesReceived,
  TIMEOUT_MS,
  truthInGuest,
} from './support.ts'

test('the retry waits until the guest lists the CPU', async () => {
  const { qemu, agent, domain } = await connectSimulated()
  qemu.guest.onPlug = 'ignore'
  const error = await failureOf(domain.setVcpuState(5, true, { guest: true, timeoutMs: TIMEOUT_MS }))
  expect(error.outcome).toBe('unknown')
  const looked = answered(agent, 'guest-get-vcpus')
  const retry = begin(domain.setVcpuState(5, true, { guest: true }))
  await resultOf(looked)
  qemu.guest.appear([5])
  const { changed, guest } = await resultOf(retry)
  expect([String(changed), String(guest?.ids)]).toEqual(['', '2'])
  expect(truthInGuest(qemu, 5)).toEqual({ id: 2, online: true })
  expect(timesReceived(qemu, 'device_add')).toBe(1)
})

test('the retry of one that the guest still does not list ends as the first did', async () => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onPlug = 'ignore'
  await failureOf(domain.setVcpuState(5, true, { guest: true, timeoutMs: TIMEOUT_MS }))
  const error = await failureOf(domain.setVcpuState(5, true, { guest: true, timeoutMs: TIMEOUT_MS }))
  expect(error.code).toBe('ERR_TIMEOUT')
})
