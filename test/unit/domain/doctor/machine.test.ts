import { describe, expect, test } from 'vitest'
import { Refusal } from '../../../../src/testing/index.ts'
import { vm } from '../../../support/simulated-vm.ts'
import { diagnosis, findingOf, underTcg, withProperties } from './tell.ts'

describe('the machine', () => {
  test('a VM that is well has no finding', async () => {
    const { domain } = await vm()
    expect(await domain.doctor()).toEqual([])
  })

  test('without hotplug', async () => {
    const { qemu, domain } = await vm({ kind: 'no-hotplug', maxcpus: 2 })
    withProperties(qemu, { type: 'microvm-machine' })
    expect(await diagnosis(domain)).toEqual(['blocks no-hotplug'])
    expect(await findingOf(domain, 'no-hotplug')).toEqual({
      code: 'no-hotplug',
      severity: 'blocks',
      summary: 'this machine type has no vCPU hotplug',
      evidence: 'query-hotpluggable-cpus: machine does not support hot-plugging CPUs (machine: microvm-machine)',
      advice: expect.stringContaining('q35') as string,
    })
  })

  test('that only plugs', async () => {
    const { domain } = await vm({ kind: 's390x' })
    expect(await diagnosis(domain)).toEqual(['blocks never-unplugs'])
  })

  test('with no free slot, and with nothing but its boot CPU', async () => {
    const full = await vm({ bootVcpus: 4, maxcpus: 4 })
    expect(await diagnosis(full.domain)).toEqual(['blocks no-free-slot'])
    expect(await findingOf(full.domain, 'no-free-slot')).toMatchObject({ evidence: 'plugged: 0-3; possible: 0-3' })
    const small = await vm({ bootVcpus: 1 })
    expect(await diagnosis(small.domain)).toEqual(['notes only-boot-vcpu'])
    const stuck = await vm({ bootVcpus: 1, maxcpus: 1 })
    expect(await diagnosis(stuck.domain)).toEqual(['blocks no-free-slot', 'notes only-boot-vcpu'])
  })

  test('without ACPI', async () => {
    const { qemu, domain } = await vm()
    withProperties(qemu, { acpi: 'off' })
    expect(await diagnosis(domain)).toEqual(['blocks acpi-off'])
  })

  test('with ACPI', async () => {
    const { qemu, domain } = await vm()
    withProperties(qemu, { acpi: 'auto' })
    expect(await diagnosis(domain)).toEqual([])
  })

  test('that is stopped', async () => {
    const { qemu, domain } = await vm({}, {}, { qga: undefined })
    qemu.onCommand('query-status', () => ({ running: false, status: 'paused' }))
    expect(await diagnosis(domain)).toEqual(['warns vm-not-running', 'notes agent-not-given'])
    expect(await findingOf(domain, 'vm-not-running')).toMatchObject({ evidence: 'query-status: paused' })
  })

  test.each([
    ['active', ['blocks migrating']],
    ['setup', ['blocks migrating']],
    ['completed', []],
    ['failed', []],
  ])('whose last migration is %s', async (status, told) => {
    const { qemu, domain } = await vm()
    qemu.onCommand('query-migrate', () => ({ status }))
    expect(await diagnosis(domain)).toEqual(told)
  })
})

describe('the accelerator', () => {
  const smp = { cpus: 2, maxcpus: 8 }

  test.each([
    ['QEMU 11 says that it is KVM', { 'query-accelerators': { enabled: 'kvm', present: ['kvm', 'tcg'] } }],
    ['query-kvm says so', { 'query-kvm': { enabled: true, present: true } }],
    ['nobody knows', { 'query-kvm': { enabled: false, present: true } }],
  ])('is none to worry about when %s', async (_, replies) => {
    const { qemu, domain } = await vm({ version: '7.2.0' })
    withProperties(qemu, { smp })
    for (const [command, reply] of Object.entries(replies)) qemu.onCommand(command, () => reply)
    expect(await diagnosis(domain)).toEqual([])
  })

  test('TCG has a budget of plugs', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('query-accelerators', () => ({ enabled: 'tcg', present: ['tcg'] }))
    withProperties(qemu, { smp })
    await domain.setVcpuState(5, true, { guest: true })
    expect(await findingOf(domain, 'tcg-plug-budget')).toMatchObject({
      severity: 'warns',
      summary: expect.stringContaining('survives 5 more plugs at most') as string,
      evidence: 'query-accelerators: "tcg" is enabled; qom-get /machine smp: cpus 2, maxcpus 8; plugged since: 1',
    })
  })

  test('TCG whose budget is used up', async () => {
    const { qemu, domain } = await vm({ bootVcpus: 2, maxcpus: 3 })
    underTcg(qemu)
    withProperties(qemu, { smp: { cpus: 2, maxcpus: 3 } })
    await domain.setVcpuState(2, true, { guest: true })
    await domain.setVcpuState(1, false, { guest: true })
    expect(await diagnosis(domain)).toEqual(['blocks tcg-plug-budget'])
  })

  test('an old QEMU under TCG does not plug again', async () => {
    const { qemu, domain } = await vm({ version: '7.2.22' })
    underTcg(qemu)
    expect(await diagnosis(domain)).toContain('warns tcg-replug-crash')
    expect(await findingOf(domain, 'tcg-replug-crash')).toMatchObject({
      evidence: 'query-version: 7.2.22; query-kvm: not enabled; x-query-jit answers, as under TCG only',
    })
  })

  test('TCG in one thread', async () => {
    const { qemu, domain } = await vm()
    underTcg(qemu)
    withProperties(qemu, { smp })
    qemu.onCommand('query-cpus-fast', (_, usual) =>
      (usual() as readonly object[]).map((cpu) => ({ ...cpu, 'thread-id': 77 })),
    )
    expect(await diagnosis(domain)).toEqual(['blocks tcg-single-thread'])
    expect((await findingOf(domain, 'tcg-single-thread')).evidence).toContain('vCPUs 0-1 share the host thread 77')
  })

  test.each([
    { kind: 's390x', told: ['blocks never-unplugs'] } as const,
    { kind: 'no-hotplug', told: ['blocks no-hotplug'] } as const,
  ])('of a $kind is of no interest: nothing is ever unplugged', async ({ kind, told }) => {
    const { qemu, domain } = await vm({ kind, maxcpus: kind === 's390x' ? 4 : 2, version: '7.2.0' })
    underTcg(qemu)
    expect(await diagnosis(domain)).toEqual(told)
  })
})

describe('who started the VM', () => {
  test('libvirt, which gives each QEMU a secret of its own', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('qom-get', ({ path, property }) => {
      if (path === '/objects/masterKey0' && property === 'type') return 'secret'
      throw new Refusal(`Device '${String(path)}' not found`, 'DeviceNotFound')
    })
    expect(await diagnosis(domain)).toContain('warns managed-by-libvirt')
    expect((await findingOf(domain, 'managed-by-libvirt')).advice).toContain('virsh setvcpu')
  })

  test('another is not taken for it', async () => {
    const { domain } = await vm()
    expect(await diagnosis(domain)).not.toContain('warns managed-by-libvirt')
  })
})
