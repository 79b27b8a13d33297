// An unplug that the guest did not answer held the queue of changes for its whole 30 s: a plug of another vCPU behind it
// timed out without being sent. Seen on a simulated QEMU. What must end: a change that waits while another one waits for
// the guest; only sending takes a turn.
import { expect, test } from 'vitest'
import { answered, begin, connectSimulated, ended, resultOf, timesReceived, type Simulated } from './support.ts'
import { hang } from '../../src/testing/index.ts'

/** vCPU 1 is being unplugged, and the guest does not answer. */
async function unanswered(): Promise<Simulated> {
  const vm = await connectSimulated({ machine: { bootVcpus: 3 } })
  vm.qemu.guest.onUnplug = 'ignore'
  const asked = answered(vm.qemu, 'device_del')
  begin(vm.domain.setVcpuState(1, false))
  await asked
  return vm
}

/** vCPU 6 is being plugged, and the guest does not list it. */
async function unlisted(): Promise<Simulated> {
  const vm = await connectSimulated({ machine: { bootVcpus: 3 } })
  vm.qemu.guest.onPlug = 'ignore'
  const added = answered(vm.qemu, 'device_add')
  begin(vm.domain.setVcpuState(6, true, { guest: true }))
  await added
  return vm
}

/** vCPU 1 is being unplugged, and the agent does not answer. */
async function silent(): Promise<Simulated> {
  const vm = await connectSimulated({ machine: { bootVcpus: 3 } })
  vm.agent.onCommand('guest-get-vcpus', hang)
  begin(vm.domain.setVcpuState(1, false, { guest: true }))
  return vm
}

const cases = [
  ['an unplug that the guest does not answer', unanswered],
  ['a plug that the guest does not list', unlisted],
  ['an agent that does not answer', silent],
] as const

test.each(cases)('a plug behind %s', async (_, make) => {
  const { domain } = await make()
  expect(String((await resultOf(domain.setVcpuState(5, true))).changed)).toBe('5')
})

test.each(cases)('a run behind %s', async (_, make) => {
  const { domain } = await make()
  const plugged = (await domain.getVcpuMap()).size
  expect((await resultOf(domain.scale(plugged + 2))).changed.size).toBe(2)
})

test('two unplugs are both sent before the guest answers either', async () => {
  const { qemu, domain } = await unanswered()
  const asked = answered(qemu, 'device_del')
  const second = begin(domain.setVcpuState(2, false))
  await ended(asked)
  expect(timesReceived(qemu, 'device_del')).toBe(2)
  qemu.completePendingUnplug()
  expect(String((await resultOf(second)).changed)).toBe('2')
})
