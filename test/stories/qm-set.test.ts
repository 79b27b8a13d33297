// examples/qm-set.ts on a VM as Proxmox VE starts it: one vCPU in -smp.
import { expect, test } from 'vitest'
import { qmSetVcpus } from '../../examples/qm-set.ts'
import { QmpClient } from '../../src/qmp/index.ts'
import { SimulatedVm, type GuestBehaviour } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'

function proxmoxVm(guest: GuestBehaviour = {}) {
  const clock = testClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 1, maxcpus: 4 }, clock, guest })
  return {
    vm,
    clock,
    qmSet: async (count: number) => String(await qmSetVcpus(100, count, { qmp: vm.qmp, clock })),
    /** The device of each slot; `-` for a vCPU of -smp, which has no id. */
    devices: () => vm.truth().slots.map(({ device }) => (device === undefined ? '' : (device.id ?? '-'))),
  }
}

test('plugs from below with the ids of qm, and unplugs from above', async () => {
  const { qmSet, devices } = proxmoxVm()
  expect(await qmSet(3)).toBe('0-2')
  expect(devices()).toEqual(['-', 'cpu2', 'cpu3', ''])
  expect(await qmSet(2)).toBe('0-1')
  expect(devices()).toEqual(['-', 'cpu2', '', ''])
  expect(await qmSet(4)).toBe('0-3')
  expect(devices()).toEqual(['-', 'cpu2', 'cpu3', 'cpu4'])
})

test('the count that is there sends nothing', async () => {
  const { vm, qmSet } = proxmoxVm()
  expect(await qmSet(1)).toBe('0')
  expect(vm.truth().requests).toEqual([])
})

test('a guest that keeps a vCPU: the error is of that one, and those above it are gone', async () => {
  const { vm, qmSet, devices } = proxmoxVm()
  await qmSet(4)
  let asked = 0
  vm.guest.onUnplug = () => (++asked === 1 ? 'remove' : 'refuse')
  await expect(qmSet(1)).rejects.toMatchObject({ code: 'ERR_GUEST_REFUSED', outcome: 'rejected' })
  expect(devices()).toEqual(['-', 'cpu2', 'cpu3', ''])
})

test('it waits for pvestatd, and leaves the monitor free for it', async () => {
  const { vm, clock, qmSet } = proxmoxVm()
  // A client that was first, and takes half a second.
  vm.holdMonitor(500)
  expect(await qmSet(2)).toBe('0-1')
  expect(clock.now()).toBeGreaterThanOrEqual(500)
  await using pvestatd = await QmpClient.connect(vm.qmp(), { clock, timeoutMs: 100 })
  expect(await pvestatd.execute('query-status')).toMatchObject({ status: 'running' })
})

test('a monitor that stays taken is said to be, and nothing is sent', async () => {
  const { vm, qmSet } = proxmoxVm()
  vm.holdMonitor()
  await expect(qmSet(2)).rejects.toMatchObject({ code: 'ERR_MONITOR_BUSY' })
  expect(vm.truth().requests).toEqual([])
})
