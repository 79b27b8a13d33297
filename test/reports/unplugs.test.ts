// Reports of vCPUs that were taken for the wrong device, cannot go, or do not go.
import { describe, expect, test } from 'vitest'
import type { SimulatedQemu } from '../../src/testing/index.ts'
import { changesSent, vm } from '../support/simulated-vm.ts'
import { rejectionOf } from './rejection.ts'

const slot = (id: number, more: object = {}) => ({
  driver: 'qemu64-x86_64-cpu',
  'socket-id': 0,
  'core-id': id,
  'thread-id': 0,
  ...more,
})

/** What was asked to go. */
function asked({ commands }: SimulatedQemu): unknown[] {
  return commands.filter(({ command }) => command === 'device_del').map(({ arguments: { id } }) => id)
}

describe('the right device is asked to go', () => {
  // https://github.com/jiangcuo/pxvirt/issues/80
  test('Proxmox counts its devices from one', async () => {
    const { qemu, domain } = await vm({ bootVcpus: 1 })
    for (const id of [1, 2]) qemu.command('device_add', slot(id, { id: `cpu${id + 1}` }))
    expect(String((await domain.setVcpuState(1, false)).changed)).toBe('1')
    expect(asked(qemu)).toEqual(['cpu2'])
  })

  // libvir-list, January 2015, RFC "qemu: add support to hot-plug/unplug cpu device": it was held that such a vCPU cannot go.
  test('one that was plugged by hand, without an id, goes by its path', async () => {
    const { qemu, domain } = await vm()
    qemu.command('device_add', slot(3))
    expect(String((await domain.setVcpuState(3, false)).changed)).toBe('3')
    expect(asked(qemu)).toEqual(['/machine/peripheral-anon/device[0]'])
  })
})

// https://github.com/autotest/tp-qemu/pull/1920 and https://github.com/autotest/tp-qemu/pull/1973
test('the boot vCPU stays, and its CPU is not turned off first, though the guest says that it could be', async () => {
  const { qemu, agent, domain } = await vm()
  agent.onCommand('guest-get-vcpus', () => [
    { 'logical-id': 0, online: true, 'can-offline': true },
    { 'logical-id': 1, online: true, 'can-offline': true },
  ])
  const error = await rejectionOf(domain.setVcpuState(0, false, { guest: true }))
  expect(error.message).toMatch(/boot/i)
  expect([...changesSent(qemu), ...changesSent(agent)]).toEqual([])
})

// https://github.com/autotest/tp-libvirt/pull/1320
test('a paused VM cannot answer: the result is not known, and the pause is named as the reason', async () => {
  const { qemu, domain } = await vm({ bootVcpus: 4 })
  qemu.stop()
  const error = await rejectionOf(domain.setVcpuState(3, false, { timeoutMs: 5_000 }))
  expect(error).toMatchObject({ outcome: 'unknown' })
  expect(error.message).toMatch(/paused|not running/)
})

// https://github.com/autotest/tp-libvirt/pull/980
test('a pseries guest without rtas_errd never answers: the whole slot is named', async () => {
  const { qemu, domain } = await vm({ kind: 'pseries', threads: 8, bootVcpus: 16, maxcpus: 32 })
  qemu.guest.onUnplug = 'ignore'
  const error = await rejectionOf(domain.setVcpuState(8, false, { wholeSlot: true, timeoutMs: 5_000 }))
  expect(error).toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown' })
  expect(error.message).toContain('8-15')
})
