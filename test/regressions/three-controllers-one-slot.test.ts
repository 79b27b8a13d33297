// Three controllers plugged vCPU 2 at the same time: one changed it, two were refused by QEMU ("CPU with APIC ID 2
// exists") and failed, although the vCPU was plugged as they wanted. Seen on a real QEMU. What must end: a refusal that is
// passed on without reading the state again.
import { expect, test } from 'vitest'
import { CpuMap } from '../../src/index.ts'
import { Refusal } from '../../src/testing/index.ts'
import { connectShared, connectSimulated, ended, resultOf, timesReceived } from './support.ts'

async function controllers(count: number) {
  const vm = await connectShared()
  const others = await Promise.all(Array.from({ length: count - 1 }, () => vm.connectAgain()))
  return { ...vm, domains: [vm.domain, ...others] }
}

test('all of them have the vCPU plugged, and one has plugged it', async () => {
  const { qemu, domains } = await controllers(3)
  const ends = await Promise.all(domains.map((domain) => ended(domain.setVcpuState(2, true))))
  expect(timesReceived(qemu, 'device_add')).toBeGreaterThan(1)
  const changed = ends.map((end) => (end.state === 'done' ? String(end.value.changed) : end))
  expect(changed.toSorted()).toEqual(['', '', '2'])
})

test('two runs to the same count', async () => {
  const { qemu, domains } = await controllers(2)
  const ends = await Promise.all(domains.map((domain) => ended(domain.scale(4))))
  expect(qemu.pluggedVcpus).toHaveLength(4)
  const changed = ends.map((end) => (end.state === 'done' ? end.value.changed : end))
  expect(changed).toEqual([expect.any(CpuMap), expect.any(CpuMap)])
  const [first = CpuMap.empty, second = CpuMap.empty] = changed as CpuMap[]
  expect([String(first.union(second)), String(first.intersection(second))]).toEqual(['2-3', ''])
})

test('with the guest’s part', async () => {
  const { domains } = await controllers(2)
  const calls = domains.map((domain) => ended(domain.setVcpuState(2, true, { guest: true })))
  const changed = (await Promise.all(calls)).map((end) => (end.state === 'done' ? String(end.value.changed) : end))
  expect(changed.toSorted()).toEqual(['', '2'])
})

test('an unplug that QEMU refuses, of a vCPU that has gone', async () => {
  const { qemu, domain } = await connectSimulated()
  qemu.onCommand('device_del', async (_, usual) => {
    await usual()
    // The guest has removed it by the time at which this QEMU answers.
    await new Promise((resolve) => setImmediate(resolve))
    throw new Refusal('Device is already in the process of unplug')
  })
  const { online } = await resultOf(domain.setVcpuState(1, false))
  expect(online).toBe(false)
  expect(qemu.pluggedVcpus).toEqual([0])
})
