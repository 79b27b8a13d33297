// The guest was reset between the moment at which it was asked which CPU a vCPU is, and the moment at which that CPU was turned
// on: it had numbered its CPUs anew, and another vCPU was turned on under the old number, and called done. Undoing did the
// same, and a guest that was being waited for was read in part with ids of its last boot. Seen on a simulated VM. What must
// end: an id of the guest that is used after a reset that was heard.
import { expect, test } from 'vitest'
import type { OnStep } from '../../src/index.ts'
import type { SimulatedVm } from '../../src/testing/index.ts'
import { timedDomain, type TimedDomain } from '../support/timed-domain.ts'
import { settled } from './support.ts'

/** Another client plugs vCPU 3, the guest boots, and its administrator turns CPU 2 off, which is vCPU 3 now. */
async function bootAnew({ clock, vm }: Pick<TimedDomain, 'clock' | 'vm'>): Promise<void> {
  vm.other.plug(3)
  vm.reset()
  await new Promise<void>((resolve) => {
    clock.after(6_000, resolve)
  })
  vm.other.guestSet(2, false)
}

function sideOf(vm: SimulatedVm, vcpu: number) {
  return vm
    .truth()
    .slots.flatMap(({ vcpus }) => vcpus)
    .find(({ id }) => id === vcpu)?.guest
}

function after(step: string, task: () => Promise<void>): OnStep {
  return async (done) => {
    if (done.step === step) await task()
  }
}

const touchedByUs = (vm: SimulatedVm) => vm.truth().switches.filter(({ by, boot }) => by === 'client' && boot > 1)

test('before a vCPU is turned on', async () => {
  const timed = await timedDomain()
  const { clock, vm, domain } = timed
  const onStep = after('listed-in-guest', () => (vm.truth().boot === 1 ? bootAnew(timed) : Promise.resolve()))
  const change = await clock.run(domain.setVcpuState(5, true, { guest: true, onStep }))
  expect(sideOf(vm, 5)).toEqual({ logicalId: 3, online: true })
  expect(String(change.guest?.ids)).toBe('3')
  expect(touchedByUs(vm)).toEqual([])
  expect(sideOf(vm, 3)).toEqual({ logicalId: 2, online: false })
})

test('before an unplug is undone', async () => {
  const timed = await timedDomain()
  const { clock, vm, domain } = timed
  await clock.run(domain.setVcpuState(5, true, { guest: true }))
  vm.guest.onUnplug = 'ignore'
  const onStep = after('device_del', () => bootAnew(timed))
  const end = await clock.run(settled(domain.setVcpuState(5, false, { guest: true, rollback: true, onStep })))
  expect(end).toMatchObject({ state: 'failed', error: { name: 'GuestChangeError' } })
  expect(touchedByUs(vm)).toEqual([])
  expect(sideOf(vm, 3)).toEqual({ logicalId: 2, online: false })
})
