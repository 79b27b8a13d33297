// Reports of slots that were asked for wrongly, and of plugs that QEMU refuses.
import { describe, expect, test } from 'vitest'
import type { Domain } from '../../src/index.ts'
import { Refusal, type SimulatedQemu } from '../../src/testing/index.ts'
import { changesSent, vm } from '../support/simulated-vm.ts'
import { rejectionOf } from './rejection.ts'

/** The arguments of the one `device_add`, but for the id. */
function plugOf({ commands }: SimulatedQemu): Readonly<Record<string, unknown>> | undefined {
  const args = commands.find(({ command }) => command === 'device_add')?.arguments
  return args === undefined ? undefined : Object.fromEntries(Object.entries(args).filter(([key]) => key !== 'id'))
}

describe('a slot’s properties go back as they came', () => {
  // https://github.com/lxc/incus/issues/1562, https://github.com/kata-containers/kata-containers/issues/11633 and
  // https://github.com/canonical/lxd/issues/14916: since 9.2 a number as text is refused.
  test('integers, and the node too', async () => {
    const { qemu, domain } = await vm({ version: '9.2.0', numaNodes: 1 })
    expect(String((await domain.setVcpuState(5, true)).changed)).toBe('5')
    const place = { 'socket-id': 0, 'core-id': 5, 'thread-id': 0, 'node-id': 0 }
    expect(plugOf(qemu)).toEqual({ driver: 'qemu64-x86_64-cpu', ...place })
  })

  // https://github.com/kata-containers/runtime/issues/1448
  test('a core-id alone on s390x, with no thread or socket', async () => {
    const { qemu, domain } = await vm({ kind: 's390x', bootVcpus: 2, maxcpus: 6, version: '4.0.0' })
    await domain.setVcpuState(4, true)
    expect(plugOf(qemu)).toEqual({ driver: 'qemu-s390x-cpu', 'core-id': 4 })
  })

  // https://github.com/autotest/tp-qemu/pull/2385 and https://gitlab.com/libvirt/libvirt/-/commit/baca59a538
  test('nodes that are not in the order of the slots', async () => {
    const { qemu, domain } = await vm({ maxcpus: 8, sockets: 2, dies: 2, cores: 2, threads: 1, bootVcpus: 2 })
    const nodes = [0, 0, 1, 0, 2, 0, 3, 0]
    qemu.onCommand('query-hotpluggable-cpus', (_, usual) => {
      const slots = usual()
      if (!Array.isArray(slots)) return slots
      return slots.map((slot: { readonly props: object }, at) => ({
        ...slot,
        props: { ...slot.props, 'node-id': nodes[slots.length - 1 - at] },
      }))
    })
    qemu.onCommand('device_add', ({ 'node-id': node, ...place }) => {
      expect(node).toBe(3)
      qemu.command('device_add', place)
    })
    expect(String((await domain.setVcpuState(6, true)).changed)).toBe('6')
    expect(plugOf(qemu)).toMatchObject({ 'socket-id': 1, 'die-id': 1, 'core-id': 0, 'thread-id': 0 })
  })
})

describe('QEMU refuses: its own words, nothing changed', () => {
  test.each([
    // https://github.com/tianocore/edk2/pull/897 and https://github.com/tianocore/edk2/issues/7772
    ['the firmware has not negotiated hotplug with SMM', "cpu hotplug with SMI wasn't enabled by firmware", 4],
    // https://github.com/kubevirt/kubevirt/pull/9903
    ['the VM is being migrated', 'device_add not allowed while migrating', 3],
  ])('%s', async (_, words, count) => {
    const { qemu, domain } = await vm()
    qemu.onCommand('device_add', () => {
      throw new Refusal(words)
    })
    const error = await rejectionOf(domain.setVcpuState(2, true))
    expect(error).toMatchObject({ outcome: 'rejected' })
    expect(error.message).toContain(words)
    const run = await rejectionOf(domain.scale(count))
    expect(run).toMatchObject({ outcome: 'rejected' })
    expect(String(await domain.getVcpuMap('online'))).toBe('0-1')
  })
})

// https://github.com/kata-containers/kata-containers/issues/10989
describe('a machine without hotplug', () => {
  async function arm(): Promise<{ readonly qemu: SimulatedQemu; readonly domain: Domain }> {
    const { qemu, domain } = await vm({ kind: 'no-hotplug', version: '7.2.0' })
    qemu.onCommand('query-hotpluggable-cpus', () => {
      throw new Refusal("The feature 'query-hotpluggable-cpus' is not enabled")
    })
    return { qemu, domain }
  }

  test('a vCPU that runs is on already', async () => {
    const { qemu, domain } = await arm()
    expect(String((await domain.setVcpuState(1, true)).changed)).toBe('')
    expect(changesSent(qemu)).toEqual([])
  })

  test('one that is not there is refused, and nothing is sent', async () => {
    const { qemu, domain } = await arm()
    const error = await rejectionOf(domain.setVcpuState(2, true))
    expect(error.message).toMatch(/no vCPU hotplug/)
    expect(error.message).toContain('not enabled')
    expect(changesSent(qemu)).toEqual([])
  })
})
