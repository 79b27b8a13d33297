// `{ guest: true }` on one thread of a core that was plugged already turned on all of the core's CPUs in the guest, without
// `wholeSlot`. Seen on a simulated pseries guest. What must end: a call for one id that changes others unasked.
import { expect, test } from 'vitest'
import { connectSimulated, failureOf, resultOf, runInGuest, timesReceived } from './support.ts'

/** Two cores of four threads; the guest has turned off two threads of the second. */
async function partlyOff() {
  const vm = await connectSimulated({ machine: { kind: 'pseries', threads: 4, maxcpus: 16, bootVcpus: 8 } })
  vm.qemu.guest.setOnline(5, false)
  vm.qemu.guest.setOnline(6, false)
  return vm
}

test('one thread is refused, and nothing is turned on', async () => {
  const { qemu, agent, domain } = await partlyOff()
  const error = await failureOf(domain.setVcpuState(5, true, { guest: true }))
  expect(error).toMatchObject({ name: 'RefusedError', code: 'ERR_PART_OF_SLOT', outcome: 'not-sent' })
  expect(error.message).toMatch(/4-7/)
  expect(timesReceived(agent, 'guest-set-vcpus')).toBe(0)
  expect(runInGuest(qemu)).toEqual([0, 1, 2, 3, 4, 7])
})

test('the whole slot is turned on', async () => {
  const { qemu, domain } = await partlyOff()
  const { guest } = await resultOf(domain.setVcpuState(5, true, { guest: true, wholeSlot: true }))
  expect(String(guest?.changed)).toBe('5-6')
  expect(runInGuest(qemu)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})
