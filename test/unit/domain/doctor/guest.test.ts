import { describe, expect, test } from 'vitest'
import { Domain } from '../../../../src/index.ts'
import { hang, memoryPair, Refusal, SimulatedQemu } from '../../../../src/testing/index.ts'
import { vm } from '../../../support/simulated-vm.ts'
import { testClock, until } from '../../../support/passing-clock.ts'
import { diagnosis, findingOf } from './tell.ts'

const FILES = ['guest-file-open', 'guest-file-read', 'guest-file-close']

describe('the agent', () => {
  test('that was not given', async () => {
    const { domain } = await vm({}, {}, { qga: undefined })
    expect(await diagnosis(domain)).toEqual(['notes agent-not-given'])
  })

  test('in whose channel nobody answers', async () => {
    const { domain } = await vm({}, {}, { qga: memoryPair()[0] })
    const findings = await domain.doctor({ timeoutMs: 300 })
    expect(findings.map(({ code }) => code)).toEqual(['agent-silent'])
    expect(findings[0]?.evidence).toContain('no guest agent answered')
  })

  test('that syncs and then hangs', async () => {
    const { agent, domain } = await vm()
    agent.onCommand('guest-info', hang)
    expect((await domain.doctor({ timeoutMs: 300 })).map(({ code }) => code)).toEqual(['agent-silent'])
  })

  test('whose channel cannot be opened', async () => {
    await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
    await using domain = await Domain.connect({
      qmp: qemu.connect(),
      qga: '/nonexistent/qga.sock',
      lazyAgent: true,
      clock: testClock(),
    })
    expect(await diagnosis(domain)).toEqual(['warns agent-unreachable'])
    expect((await findingOf(domain, 'agent-unreachable')).evidence).toContain('/nonexistent/qga.sock')
  })

  test('that talks nonsense', async () => {
    const { agent, domain } = await vm()
    agent.onCommand('guest-info', () => ({ version: 7 }))
    expect(await diagnosis(domain)).toEqual(['warns not-found-out'])
    expect(await findingOf(domain, 'not-found-out')).toMatchObject({
      summary: 'could not be looked into: the agent',
      evidence: expect.stringContaining('supported_commands is nothing') as string,
    })
  })

  test.each([
    [['guest-get-vcpus'], ['warns agent-rpc-blocked']],
    [['guest-set-vcpus'], ['warns agent-rpc-blocked']],
    [FILES, ['warns translation-unsure', 'notes agent-rpc-blocked']],
  ])('that may not run %s', async (blocked, told) => {
    const { domain } = await vm({}, { blocked })
    expect(await diagnosis(domain)).toEqual(told)
    expect((await findingOf(domain, 'agent-rpc-blocked')).evidence).toBe(
      `guest-info: ${blocked.join(', ')} not enabled`,
    )
  })

  test('that has no guest-set-vcpus, as on Windows', async () => {
    const { domain } = await vm({}, { missing: ['guest-set-vcpus'], version: '9.1.0' })
    expect(await diagnosis(domain)).toEqual(['warns agent-rpc-missing'])
    expect((await findingOf(domain, 'agent-rpc-missing')).evidence).toBe(
      'guest-info: version 9.1.0, without guest-set-vcpus',
    )
  })

  test('of a frozen guest: nearly all commands are blocked then, and that is not told', async () => {
    const { agent, domain } = await vm({}, { blocked: ['guest-get-vcpus', 'guest-set-vcpus', ...FILES] })
    agent.onCommand('guest-fsfreeze-status', () => 'frozen')
    expect(await diagnosis(domain)).toEqual(['warns guest-frozen'])
  })

  test('leaves no file of the guest open', async () => {
    const { agent, domain } = await vm()
    await domain.doctor()
    expect(agent.openHandles).toEqual([])
  })
})

describe('the guest', () => {
  test('that leaves a plugged CPU off', async () => {
    const { domain } = await vm()
    await domain.setVcpuState(5, true)
    await until(async () => String(await domain.getVcpuMap('agent-possible')) === '0-2')
    expect(await diagnosis(domain)).toEqual(['warns guest-cpu-offline'])
    expect(await findingOf(domain, 'guest-cpu-offline')).toMatchObject({
      summary: 'plugged and not in use: vCPU 5, which the guest has as CPU 2 and does not run',
      evidence: 'guest-get-vcpus: online 0-1 of 0-2',
      advice: expect.stringContaining('qemu-vcpu guest-set 2 on') as string,
    })
  })

  test('that cannot turn a CPU on: it says so until the guest boots again, or the CPU runs', async () => {
    const { agent, qemu, domain } = await vm()
    await domain.setVcpuState(5, true)
    await until(async () => String(await domain.getVcpuMap('agent-possible')) === '0-2')
    const mend = agent.onCommand('guest-set-vcpus', () => {
      throw new Refusal('write("/sys/devices/system/cpu/cpu2/online"): Input/output error')
    })
    await domain.vcpus()
    await expect(domain.setGuestVcpuState(2, true)).rejects.toMatchObject({ name: 'CommandError' })
    expect(await diagnosis(domain)).toEqual(['warns guest-cpu-fails'])
    expect(await findingOf(domain, 'guest-cpu-fails')).toMatchObject({
      summary: 'plugged, and the guest could not turn it on: vCPU 5, which the guest has as CPU 2',
      evidence: expect.stringMatching(/^CPU 2: .*Input\/output error/) as string,
    })
    mend()
    await domain.setGuestVcpuState(2, true)
    await domain.setGuestVcpuState(2, false)
    expect(await diagnosis(domain)).toEqual(['warns guest-cpu-offline'])
    agent.onCommand('guest-set-vcpus', () => {
      throw new Refusal('Input/output error')
    })
    await expect(domain.setVcpuState(5, true, { guest: true })).rejects.toMatchObject({ outcome: 'rejected' })
    expect(await diagnosis(domain)).toEqual(['warns guest-cpu-fails'])
    // As advised.
    await domain.setVcpuState(5, false, { guest: true })
    expect(await diagnosis(domain)).toEqual([])
    await domain.setVcpuState(5, true)
    await until(async () => String(await domain.getVcpuMap('agent-possible')) === '0-2')
    expect(await diagnosis(domain)).toEqual(['warns guest-cpu-offline'])
    await expect(domain.setGuestVcpuState(2, true)).rejects.toMatchObject({ outcome: 'rejected' })
    expect(await diagnosis(domain)).toEqual(['warns guest-cpu-fails'])
    qemu.reset()
    await until(async () => (await diagnosis(domain)).length === 0)
  })

  test('that says yes to a plug and does nothing', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onPlug = 'pretend'
    await domain.setVcpuState(5, true)
    expect(await diagnosis(domain)).toEqual(['warns guest-cpu-missing'])
    expect(await findingOf(domain, 'guest-cpu-missing')).toMatchObject({
      evidence: 'plugged: 0-1,5; guest-get-vcpus lists 0-1',
    })
  })

  describe('whose kernel has no room for all slots', () => {
    /** The guest's files are these. */
    async function withFiles(
      files: Readonly<Record<string, string>>,
      replies: Readonly<Record<string, unknown>> = {},
    ): Promise<Domain> {
      const { qemu, agent, domain } = await vm()
      const names = Object.keys(files)
      const isDone = new Set<number>()
      for (const [command, reply] of Object.entries(replies)) qemu.onCommand(command, () => reply)
      agent.onCommand('guest-file-open', ({ path }, usual) => {
        const at = names.indexOf(String(path))
        isDone.delete(at)
        return at === -1 ? usual() : at
      })
      agent.onCommand('guest-file-read', ({ handle }, usual) => {
        const name = names[Number(handle)]
        if (name === undefined) return usual()
        const content = Buffer.from(isDone.has(Number(handle)) ? '' : (files[name] ?? ''))
        isDone.add(Number(handle))
        return { count: content.length, 'buf-b64': content.toString('base64'), eof: content.length === 0 }
      })
      agent.onCommand('guest-file-close', ({ handle }, usual) => (names[Number(handle)] === undefined ? usual() : {}))
      return domain
    }
    const POSSIBLE = '/sys/devices/system/cpu/possible'
    const RELEASE = '/proc/sys/kernel/osrelease'
    const COMMAND_LINE = '/proc/cmdline'

    test('since its command line says so', async () => {
      const domain = await withFiles({
        [POSSIBLE]: '0-3\n',
        [RELEASE]: '6.1.0\n',
        [COMMAND_LINE]: 'quiet nr_cpus=4 ro\n',
      })
      expect(await findingOf(domain, 'guest-kernel-room')).toEqual({
        code: 'guest-kernel-room',
        severity: 'warns',
        summary:
          "the guest's kernel has room for 4 CPUs, and the machine for 8: it ignores what is plugged beyond that",
        evidence: `${POSSIBLE}: 0-3; kernel 6.1.0; command line: quiet nr_cpus=4 ro`,
        advice: "take nr_cpus=4 off the guest kernel's command line, and boot it again",
      })
    })

    test.each([
      ['6.12.107', {}, 'and TCG is none'],
      ['7.0.1', { 'query-kvm': { enabled: true } }, 'do not hide KVM'],
      ['6.8.12', {}, 'CONFIG_NR_CPUS'],
      ['5.15.0', {}, 'CONFIG_NR_CPUS'],
      ['odd', {}, 'CONFIG_NR_CPUS'],
    ])('and is of %s', async (release, replies, advice) => {
      const domain = await withFiles({ [POSSIBLE]: '0-1\n', [RELEASE]: release, [COMMAND_LINE]: '' }, replies)
      const finding = await findingOf(domain, 'guest-kernel-room')
      expect(finding.severity).toBe('blocks')
      expect(finding.advice).toContain(advice)
    })

    test('lets its text steer no terminal', async () => {
      const domain = await withFiles({ [POSSIBLE]: '0-1\n', [RELEASE]: '6\u001b[2J', [COMMAND_LINE]: '\u001b]0;x' })
      const { evidence, advice } = await findingOf(domain, 'guest-kernel-room')
      expect(evidence + advice).toMatch(/^[\x20-\x7e]+$/)
    })

    test('says what cannot be: that is no finding of room', async () => {
      const domain = await withFiles({ [POSSIBLE]: 'all of them\n' })
      expect(await diagnosis(domain)).toEqual(['warns not-found-out'])
    })
  })
})
