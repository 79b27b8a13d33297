// A plug with a time-out of 500 ms and roll-back took six seconds and more: the undoing of it had 30 s of its own. Seen on
// a simulated guest. What must end: undoing that nobody can bound; without a word of the caller's it has the time-out once
// more.
import { expect, test } from 'vitest'
import { connectSimulated, errorOf, ended, timesReceived, TIMEOUT_MS } from './support.ts'

test('a plug that is undone', async () => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onPlug = 'refuse'
  qemu.guest.onUnplug = 'ignore'
  const end = await ended(
    domain.setVcpuState(5, true, { guest: true, rollback: true, timeoutMs: TIMEOUT_MS }),
    3 * TIMEOUT_MS,
  )
  expect(timesReceived(qemu, 'device_del')).toBe(1)
  expect(errorOf(end).outcome).toBe('unknown')
})

test('a plug that timed out and is undone', async () => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onPlug = 'ignore'
  qemu.guest.onUnplug = 'ignore'
  const end = await ended(
    domain.setVcpuState(5, true, { guest: true, rollback: true, timeoutMs: TIMEOUT_MS }),
    3 * TIMEOUT_MS,
  )
  expect(timesReceived(qemu, 'device_del')).toBe(1)
  expect(errorOf(end).outcome).toBe('unknown')
})

test('an unplug whose CPU is turned on again', async () => {
  const { qemu, agent, domain } = await connectSimulated()
  qemu.guest.onUnplug = 'refuse'
  agent.onCommand('guest-set-vcpus', ({ vcpus }, usual) => {
    const [first] = vcpus as readonly { readonly online: boolean }[]
    return first?.online === true ? new Promise(() => undefined) : usual()
  })
  const end = await ended(
    domain.setVcpuState(1, false, { guest: true, rollback: true, timeoutMs: TIMEOUT_MS }),
    3 * TIMEOUT_MS,
  )
  expect(timesReceived(agent, 'guest-set-vcpus')).toBe(2)
  expect(errorOf(end).name).toBe('GuestChangeError')
})
