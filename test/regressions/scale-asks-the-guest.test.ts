// `scale 3 --guest` with 3 vCPUs plugged, of which the guest ran 2, was done at once; on the way down a vCPU that worked
// was unplugged and idle ones were left. Seen on a real guest. What must end: a count of what QEMU has plugged, given as
// the count that the guest runs.
import { expect, test } from 'vitest'
import { Refusal } from '../../src/testing/index.ts'
import {
  connectSimulated,
  ended,
  errorOf,
  resultOf,
  runInGuest,
  timesReceived,
  truthInGuest,
  type Simulated,
} from './support.ts'

/** Turn a vCPU off in the guest. */
function idle({ qemu }: Simulated, vcpu: number) {
  const id = truthInGuest(qemu, vcpu)?.id
  if (id !== undefined) qemu.guest.setOnline(id, false)
}

async function plugged(bootVcpus: number, ...idleVcpus: readonly number[]): Promise<Simulated> {
  const vm = await connectSimulated({ machine: { bootVcpus } })
  for (const vcpu of idleVcpus) idle(vm, vcpu)
  return vm
}

test('as many plugged as wanted, and one of them idle: it is turned on', async () => {
  const vm = await plugged(3, 2)
  await resultOf(vm.domain.scale(3, { guest: true }))
  expect(runInGuest(vm.qemu)).toEqual([0, 1, 2])
  expect(vm.qemu.pluggedVcpus).toEqual([0, 1, 2])
})

test('one that was plugged and never turned on', async () => {
  const vm = await plugged(2)
  await vm.domain.setVcpuState(5, true)
  expect(truthInGuest(vm.qemu, 5)?.online).toBe(false)
  await resultOf(vm.domain.scale(3, { guest: true }))
  expect(runInGuest(vm.qemu)).toHaveLength(3)
})

test('more than are plugged, and one of these idle', async () => {
  const vm = await plugged(3, 1)
  await resultOf(vm.domain.scale(5, { guest: true }))
  expect(runInGuest(vm.qemu)).toHaveLength(5)
})

test('an idle one that cannot be turned on: rejected, or another runs in its place', async () => {
  const vm = await plugged(3, 2)
  vm.agent.onCommand('guest-set-vcpus', () => {
    throw new Refusal('pwrite("/sys/devices/system/cpu/cpu2/online"): Input/output error')
  })
  const end = await ended(vm.domain.scale(3, { guest: true }))
  if (end.state === 'done') expect(runInGuest(vm.qemu)).toHaveLength(3)
  else expect(errorOf(end).message).toMatch(/Input\/output error/)
})

test('on the way down an idle one goes first', async () => {
  const vm = await plugged(8, 5)
  const { changed } = await resultOf(vm.domain.scale(7, { guest: true }))
  expect(String(changed)).toBe('5')
  expect(runInGuest(vm.qemu)).toEqual([0, 1, 2, 3, 4, 6, 7])
})

test('on the way down all idle ones go, and as many run as wanted', async () => {
  const vm = await plugged(8, 3, 5)
  await resultOf(vm.domain.scale(5, { guest: true }))
  expect(runInGuest(vm.qemu)).toHaveLength(5)
  expect(vm.qemu.pluggedVcpus).not.toContain(3)
  expect(vm.qemu.pluggedVcpus).not.toContain(5)
})

test('what runs already in that number is left alone', async () => {
  const vm = await plugged(3)
  await resultOf(vm.domain.scale(3, { guest: true }))
  expect([timesReceived(vm.agent, 'guest-set-vcpus'), timesReceived(vm.agent, 'guest-get-vcpus') > 0]).toEqual([
    0,
    true,
  ])
})
