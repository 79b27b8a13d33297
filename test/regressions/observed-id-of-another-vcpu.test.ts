// A guest without file access: the CPU that appeared while we plugged vCPU 5 was another client's, or one that somebody
// in the guest turned on, and was taken for ours. The plug was "done" with the wrong CPU, and the next unplug turned that
// one off; where both appeared, the plug failed with "its kernel ignores the slot". Seen on simulated and real guests.
// What must end: an observation that counts although not exactly our slot changed on both sides.
import { expect, test } from 'vitest'
import {
  answered,
  begin,
  changesReceived,
  connectShared,
  connectSimulated,
  ended,
  failureOf,
  timesReceived,
  TIMEOUT_MS,
  truthInGuest,
  WITHOUT_FILES,
  type Ended,
} from './support.ts'
import type { VcpuChange } from '../../src/domain/results.ts'
import type { SimulatedQemu } from '../../src/testing/index.ts'

/** vCPU 5 is plugged, and the guest does not look; meanwhile another client plugs vCPU 2, and the guest takes that. */
async function plugBesideAnother() {
  const vm = await connectShared({ agent: WITHOUT_FILES })
  vm.qemu.guest.onPlug = 'ignore'
  const added = answered(vm.qemu, 'device_add')
  const plug = ended(vm.domain.setVcpuState(5, true, { guest: true, timeoutMs: 2 * TIMEOUT_MS }))
  await added
  vm.qemu.guest.onPlug = 'accept'
  await vm.other.plug(2)
  const end = await plug
  expect(truthInGuest(vm.qemu, 2)?.id).toBe(2)
  return { ...vm, end }
}

test('another client’s vCPU is not taken for ours', async () => {
  const { qemu, agent, end } = await plugBesideAnother()
  expect(end.state).toBe('failed')
  expect(timesReceived(agent, 'guest-set-vcpus')).toBe(0)
  expect(truthInGuest(qemu, 2)?.online).toBe(false)
})

test('nor turned off when ours is unplugged', async () => {
  const { qemu, agent, domain } = await plugBesideAnother()
  qemu.guest.setOnline(2, true)
  const before = [changesReceived(qemu), changesReceived(agent)]
  const error = await failureOf(domain.setVcpuState(5, false, { guest: true }))
  expect(error).toMatchObject({ code: 'ERR_UNSURE', outcome: 'not-sent' })
  expect([changesReceived(qemu), changesReceived(agent)]).toEqual(before)
})

test('a CPU that somebody in the guest turned on is not taken for ours', async () => {
  const { qemu, domain } = await connectSimulated({
    machine: { kind: 'pseries', threads: 1 },
    agent: WITHOUT_FILES,
  })
  await domain.setVcpuState(1, true)
  qemu.guest.setOnline(1, false)
  qemu.guest.onPlug = 'ignore'
  const added = answered(qemu, 'device_add')
  const plug = ended(domain.setVcpuState(5, true, { guest: true, timeoutMs: 2 * TIMEOUT_MS }))
  await added
  qemu.guest.setOnline(1, true)
  expect((await plug).state).toBe('failed')
  expect(truthInGuest(qemu, 5)).toBeUndefined()
})

/** A plug may succeed with the right CPU, or say that it cannot tell which it is: nothing else. */
function expectTruth(end: Ended<VcpuChange>, qemu: SimulatedQemu, vcpu: number) {
  expect(end.state).not.toBe('pending')
  if (end.state === 'failed') expect(end.error.message).not.toMatch(/ignores|does not list|did not list/)
  if (end.state === 'done') expect(String(end.value.guest?.ids)).toBe(String(truthInGuest(qemu, vcpu)?.id))
}

test('a guest that lists ours and another client’s at once does not "ignore the slot"', async () => {
  const { qemu, domain, monitor } = await connectShared({ agent: WITHOUT_FILES })
  const slots = await monitor.execute('query-hotpluggable-cpus')
  const third = slots.find(({ props }) => props['core-id'] === 3)
  const unhook = qemu.onCommand('device_add', (_, usual) => {
    unhook()
    begin(monitor.execute('device_add', { ...third?.props, driver: third?.type, id: 'other3' }))
    return usual()
  })
  const end = await ended(domain.setVcpuState(5, true, { guest: true }))
  expect([truthInGuest(qemu, 3), truthInGuest(qemu, 5)]).not.toContain(undefined)
  expectTruth(end, qemu, 5)
  expect(truthInGuest(qemu, 3)?.online).toBe(false)
})

test('of two controllers that plug at once each has its own CPU, or says that it cannot tell', async () => {
  const { qemu, domain, connectAgain } = await connectShared({ agent: WITHOUT_FILES })
  const second = await connectAgain()
  const plugs = [domain.setVcpuState(5, true, { guest: true }), second.setVcpuState(3, true, { guest: true })]
  const [five, three] = await Promise.all(plugs.map((plug) => ended(plug)))
  expect([truthInGuest(qemu, 3), truthInGuest(qemu, 5)]).not.toContain(undefined)
  if (five !== undefined) expectTruth(five, qemu, 5)
  if (three !== undefined) expectTruth(three, qemu, 3)
})

test('of two plugs at once on one domain each has its own CPU, or says that it cannot tell', async () => {
  const { qemu, domain } = await connectSimulated({ agent: WITHOUT_FILES })
  const plugs = [domain.setVcpuState(5, true, { guest: true }), domain.setVcpuState(3, true, { guest: true })]
  const [five, three] = await Promise.all(plugs.map((plug) => ended(plug)))
  if (five !== undefined) expectTruth(five, qemu, 5)
  if (three !== undefined) expectTruth(three, qemu, 3)
})
