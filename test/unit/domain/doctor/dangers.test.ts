import { describe, expect, test } from 'vitest'
import { vm } from '../../../support/simulated-vm.ts'
import { diagnosis, findingOf, underTcg, withProperties } from './tell.ts'

describe('firmware in SMM', () => {
  const SECURE = { smm: 'on', secure: true }

  test.each([
    ['under TCG', true, SECURE, ['blocks smm-plug-hangs']],
    ['that QEMU offers plugs to', true, { ...SECURE, offers: true }, ['blocks smm-plug-hangs']],
    ['that QEMU offers none to', true, { ...SECURE, offers: false }, ['blocks smm-plug-refused']],
    ['under KVM that QEMU offers none to', false, { ...SECURE, offers: false }, ['blocks smm-plug-refused']],
    ['with SMM by default', true, { ...SECURE, smm: 'auto' }, ['blocks smm-plug-hangs']],
    ['under KVM', false, SECURE, []],
    ['without SMM', true, { ...SECURE, smm: 'off' }, []],
    ['of another kind', true, { smm: 'auto', secure: false }, []],
  ])('%s', async (_, isTcg, { smm, secure, offers }: { smm: string; secure: boolean; offers?: boolean }, told) => {
    const { qemu, domain } = await vm({}, {}, { qga: undefined })
    if (isTcg) underTcg(qemu)
    withProperties(qemu, { smm })
    qemu.onCommand('qom-get', ({ path, property }, usual) => {
      if (property === 'smm') return smm
      if (path === '/machine/system.flash0' && property === 'secure') return secure
      return path === '/machine/acpi-device' && property === 'x-smi-cpu-hotplug' && offers !== undefined
        ? offers
        : usual()
    })
    const budget = isTcg ? ['warns tcg-plug-budget'] : []
    expect(await diagnosis(domain)).toEqual([...told, ...budget, 'notes agent-not-given'])
  })
})

test('slots past APIC id 254 of a CPU model without x2APIC', async () => {
  const { domain } = await vm({ maxcpus: 288 }, {}, { qga: undefined })
  expect(await findingOf(domain, 'no-x2apic')).toMatchObject({
    severity: 'blocks',
    summary: expect.stringContaining('vCPU 255-287 cannot be plugged') as string,
    evidence: expect.stringContaining('x2apic: false') as string,
  })
})

describe('TCG', () => {
  test.each([
    ['10.0.13', ['blocks tcg-core-unplug-crash', 'warns tcg-plug-budget']],
    ['11.1.3', ['warns tcg-plug-budget']],
  ])('of pseries on %s, whose budget counts the threads of each core', async (version, told) => {
    const { qemu, domain } = await vm(
      { kind: 'pseries', bootVcpus: 8, maxcpus: 32, threads: 4, version },
      {},
      { qga: undefined },
    )
    underTcg(qemu)
    withProperties(qemu, { smp: { cpus: 8, maxcpus: 32 } })
    expect(await diagnosis(domain)).toEqual([...told, 'notes agent-not-given'])
    expect((await findingOf(domain, 'tcg-plug-budget')).summary).toContain('survives 6 more plugs')
    await domain.setVcpuState(8, true, { wholeSlot: true })
    await domain.setVcpuState(8, false, { wholeSlot: true })
    await domain.setVcpuState(12, true, { wholeSlot: true })
    expect((await findingOf(domain, 'tcg-plug-budget')).summary).toContain('survives 4 more plugs')
  })

  test('with one vCPU: whether it has one thread does not show', async () => {
    const { qemu, domain } = await vm({ bootVcpus: 1 }, {}, { qga: undefined })
    underTcg(qemu)
    withProperties(qemu, { smp: { cpus: 1, maxcpus: 8 } })
    expect(await diagnosis(domain)).toEqual([
      'warns tcg-threads-unknown',
      'warns tcg-plug-budget',
      'notes only-boot-vcpu',
      'notes agent-not-given',
    ])
    // As advised: with a second vCPU it shows.
    await domain.setVcpuState(1, true)
    expect(await diagnosis(domain)).toEqual(['warns tcg-plug-budget', 'notes agent-not-given'])
  })

  test('on a machine of one slot has no budget', async () => {
    const { qemu, domain } = await vm({ bootVcpus: 1, maxcpus: 1 }, {}, { qga: undefined })
    underTcg(qemu)
    withProperties(qemu, { smp: { cpus: 1, maxcpus: 1 } })
    expect(await diagnosis(domain)).toEqual(['blocks no-free-slot', 'notes only-boot-vcpu', 'notes agent-not-given'])
  })
})

test('an unplug that was asked for before a reset', async () => {
  const { qemu, domain } = await vm()
  qemu.guest.onUnplug = 'ignore'
  await expect(domain.setVcpuState(1, false, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  qemu.reset()
  expect(await diagnosis(domain)).toEqual(['warns unplug-kept'])
  // As advised.
  qemu.guest.onUnplug = 'remove'
  await domain.setVcpuState(1, false)
  expect(await diagnosis(domain)).toEqual(['notes only-boot-vcpu'])
})
