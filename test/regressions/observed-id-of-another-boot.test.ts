// A guest without file access: its CPU ids were observed around two plugs, then it booted again and numbered its CPUs
// otherwise, and nothing told this domain. `set 5 off --guest` turned off CPU 2, which was vCPU 3 by then, and said done.
// Seen on a simulated guest. What must end: an observation that is used outside the boot it was made in.
import { expect, test } from 'vitest'
import type { QmpClient } from '../../src/qmp/index.ts'
import {
  changesReceived,
  connectShared,
  failureOf,
  settle,
  withEndingEvents,
  WITHOUT_FILES,
  withoutEvents,
  type Shared,
} from './support.ts'

/** Plugs 5, then 3: the guest gives them CPU 2 and 3. */
async function plugBoth({ domain }: Shared) {
  await domain.setVcpuState(5, true, { guest: true })
  await domain.setVcpuState(3, true, { guest: true })
}

/** vCPU 3 is the guest's CPU 2 now. */
function expectRenumbered({ qemu }: Shared) {
  expect(qemu.guest.seats.find(({ logicalId }) => logicalId === 2)?.cpuIndex).toBe(3)
}

async function expectUnsure(vm: Shared) {
  const before = [changesReceived(vm.qemu), changesReceived(vm.agent)]
  const error = await failureOf(vm.domain.setVcpuState(5, false, { guest: true }))
  expect(error).toMatchObject({ name: 'RefusedError', code: 'ERR_UNSURE', outcome: 'not-sent' })
  expect([changesReceived(vm.qemu), changesReceived(vm.agent)]).toEqual(before)
}

test('after a reset that an executor without events did not tell of', async () => {
  const vm = await connectShared({ agent: WITHOUT_FILES }, withoutEvents)
  await plugBoth(vm)
  await vm.monitor.execute('system_reset')
  await settle()
  expectRenumbered(vm)
  await expectUnsure(vm)
})

test('after a reset that came when the stream of events had ended', async () => {
  let endEvents = (): Promise<unknown> => Promise.resolve()
  const vm = await connectShared({ agent: WITHOUT_FILES }, (monitor: QmpClient) => {
    const ending = withEndingEvents(monitor)
    endEvents = ending.endEvents
    return ending.executor
  })
  await plugBoth(vm)
  await endEvents()
  await settle()
  await vm.monitor.execute('system_reset')
  await settle()
  expectRenumbered(vm)
  await expectUnsure(vm)
})

test('after a kexec, which is no reset: the agent’s port was closed and opened again', async () => {
  const vm = await connectShared({ agent: WITHOUT_FILES })
  await plugBoth(vm)
  vm.qemu.guest.reboot()
  vm.qemu.emit('VSERPORT_CHANGE', { id: 'channel0', open: false })
  vm.qemu.emit('VSERPORT_CHANGE', { id: 'channel0', open: true })
  await settle()
  expectRenumbered(vm)
  await expectUnsure(vm)
})
