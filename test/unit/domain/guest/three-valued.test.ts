// What the guest did not say is not known, in every verb; and no running CPU is unplugged on the strength of it.
import { describe, expect, test } from 'vitest'
import { isKnown } from '../../../../src/domain/results.ts'
import { Refusal, type SimulatedAgent } from '../../../../src/testing/index.ts'
import { noSuchFile, serveFiles } from '../../../support/guest-files.ts'
import { changesSent, vm, type Vm } from '../../../support/simulated-vm.ts'

const FILES = ['guest-file-open', 'guest-file-read', 'guest-file-close']
const UNKNOWN = { id: null, online: null, confidence: 'unknown' }

/** vCPUs 5 and 3 are the guest's CPUs 2 and 3, and run; vCPU 5 goes again where `hole`. */
async function sparse(agentOptions: { blocked?: string[] } = {}, hole = false): Promise<Vm> {
  const all = await vm({}, agentOptions)
  const { domain, qemu } = all
  for (const id of [5, 3]) await domain.setVcpuState(id, true)
  for (const id of [2, 3]) qemu.guest.setOnline(id, true)
  if (hole) await domain.setVcpuState(5, false)
  return all
}

function unreadable(agent: SimulatedAgent, guestId: number): void {
  serveFiles(agent, (path) => {
    if (!path.includes(`/cpu${guestId}/`)) return undefined
    return new Refusal(`failed to open file '${path}' (mode: 'r'): Permission denied`)
  })
}

/** Agents 3.1 to 7.0 ask for as many ids as there are CPUs, from 0 on. */
function skipIds({ qemu, agent }: Vm): void {
  agent.onCommand('guest-get-vcpus', () => {
    const cpus = qemu.guest.vcpus()
    return cpus.filter((cpu) => cpu['logical-id'] < cpus.length)
  })
}

/** Each with vCPU `id` running in the guest, and no way to see which CPU it is. */
const cases: readonly (readonly [what: string, id: number, guestId: number, make: () => Promise<Vm>])[] = [
  [
    'one file cannot be read',
    5,
    2,
    async () => {
      const all = await sparse()
      unreadable(all.agent, 2)
      return all
    },
  ],
  ['the agent may not read files', 5, 2, () => sparse({ blocked: FILES })],
  [
    'the agent leaves out ids',
    3,
    3,
    async () => {
      const all = await sparse({}, true)
      skipIds(all)
      return all
    },
  ],
  [
    'one file cannot be read any longer',
    5,
    2,
    async () => {
      const all = await sparse()
      expect((await all.domain.vcpus())[5]?.guest).toMatchObject({ id: 2, confidence: 'exact' })
      all.qemu.emit('VSERPORT_CHANGE', { id: 'channel0', open: true })
      unreadable(all.agent, 2)
      return all
    },
  ],
]

describe.each(cases)('%s', (_, id, guestId, make) => {
  test('vcpus and the way back: not known', async () => {
    const { domain } = await make()
    expect((await domain.vcpus())[id]?.guest).toEqual(UNKNOWN)
    expect(await domain.guestCpuToVcpu(guestId)).toBeUndefined()
  })

  test('unplugging with the guest: refused, nothing sent, and the way out is named', async () => {
    const all = await make()
    const before = [...changesSent(all.qemu), ...changesSent(all.agent)]
    await expect(all.domain.setVcpuState(id, false, { guest: true })).rejects.toMatchObject({
      code: 'ERR_UNSURE',
      outcome: 'not-sent',
      message: expect.stringMatching(/guest-file-open.+--confidence.+without --guest/) as string,
    })
    expect([...changesSent(all.qemu), ...changesSent(all.agent)]).toEqual(before)
  })

  test('scaling down with the guest: no running vCPU goes unless it was turned off first', async () => {
    const all = await make()
    const { domain, qemu, agent } = all
    const sent = changesSent(agent).length
    const running = qemu.guest.seats.filter(({ online }) => online).flatMap(({ cpuIndex }) => cpuIndex ?? [])
    const outcome = await domain.scale(2, { guest: true }).then(
      () => 'done',
      (error: unknown) => error,
    )
    const gone = running.filter((index) => !qemu.guest.seats.some(({ cpuIndex }) => cpuIndex === index))
    expect(changesSent(agent).length - sent).toBeGreaterThanOrEqual(gone.length)
    if (outcome !== 'done') expect(String(outcome)).toMatch(/guest-file-open/)
    expect(qemu.guest.seats.some(({ cpuIndex }) => cpuIndex === id)).toBe(outcome !== 'done')
  })

  test('doctor: not known, and not as one that the guest lacks', async () => {
    const { domain } = await make()
    const findings = await domain.doctor()
    expect(findings.map(({ code }) => code)).not.toContain('guest-cpu-missing')
    const unsure = findings.find(({ code }) => code === 'translation-unsure')
    expect(unsure?.summary).toMatch(new RegExp(`vCPU .*${id}.* unknown`))
    expect(unsure?.advice).toMatch(/guest-file-open/)
  })
})

describe('certain', () => {
  test('the guest has no CPU for a vCPU: all that are present said which they are, and are listed', async () => {
    const { domain, qemu } = await vm()
    qemu.guest.onPlug = 'pretend'
    await domain.setVcpuState(5, true)
    expect((await domain.vcpus())[5]?.guest).toBeNull()
    expect(await domain.guestCpuToVcpu(2)).toBeNull()
  })

  test('not where the agent lists one that is not present', async () => {
    const { domain, qemu, agent } = await vm()
    qemu.guest.onPlug = 'pretend'
    await domain.setVcpuState(5, true)
    agent.onCommand('guest-get-vcpus', () => [
      ...qemu.guest.vcpus(),
      { 'logical-id': 2, online: true, 'can-offline': true },
    ])
    serveFiles(agent, (path) => (path.includes('/cpu2/') ? noSuchFile(path) : undefined))
    expect((await domain.vcpus())[5]?.guest).toEqual(UNKNOWN)
  })
})

describe('without files, by the rule of the guest’s kernel', () => {
  const LINUX = { id: 'debian', 'kernel-release': '6.12.43+deb13-amd64', 'kernel-version': '#1 SMP PREEMPT_DYNAMIC' }

  /** vCPUs 0, 2 and 5 are the guest's CPUs 0, 1 and 2. */
  async function afterReboot(osinfo: object | undefined) {
    const all = await vm({ bootVcpus: 1 }, { blocked: FILES })
    for (const id of [2, 5]) await all.domain.setVcpuState(id, true)
    if (osinfo !== undefined) all.agent.onCommand('guest-get-osinfo', () => osinfo)
    return all
  }
  const sides = async ({ domain }: Vm) =>
    (await domain.vcpus()).flatMap(({ id, online, guest }) => (online ? [[id, guest?.id, guest?.confidence]] : []))

  test.each([
    ['6.12', LINUX],
    ['6.9', { ...LINUX, 'kernel-release': '6.9.0' }],
    ['7.2', { ...LINUX, 'kernel-release': '7.2.13' }],
  ])('Linux %s: computed', async (_, osinfo) => {
    const all = await afterReboot(osinfo)
    expect(await sides(all)).toEqual([
      [0, 0, 'computed'],
      [2, 1, 'computed'],
      [5, 2, 'computed'],
    ])
    const { guest } = await all.domain.setVcpuState(5, false, { guest: true, leastConfidence: 'computed' })
    expect(String(guest?.ids)).toBe('2')
  })

  test.each<[string, object | undefined]>([
    ['Linux 6.8', { ...LINUX, 'kernel-release': '6.8.0' }],
    [
      'Windows, whose release is a build number',
      { id: 'mswindows', 'kernel-release': '20348', 'kernel-version': '10.0' },
    ],
    ['FreeBSD', { id: 'freebsd', 'kernel-release': '14.1-RELEASE', 'kernel-version': 'FreeBSD 14.1-RELEASE' }],
    ['an agent that does not say', undefined],
    ['an answer that is none', { 'kernel-release': 7 }],
  ])('%s: not known', async (_, osinfo) => {
    expect(await sides(await afterReboot(osinfo))).toEqual([
      [0, 0, 'computed'],
      [2, null, 'unknown'],
      [5, null, 'unknown'],
    ])
  })

  test('the kernel is asked once', async () => {
    const all = await afterReboot(LINUX)
    await sides(all)
    await sides(all)
    expect(all.agent.commands.filter(({ command }) => command === 'guest-get-osinfo')).toHaveLength(1)
  })
})

test('an agent that does not say can-offline: nothing is turned off on its word', async () => {
  const { domain, agent, qemu } = await vm()
  agent.onCommand('guest-get-vcpus', () =>
    qemu.guest.vcpus().map((cpu) => ({ 'logical-id': cpu['logical-id'], online: cpu.online })),
  )
  await expect(domain.setGuestVcpuState(1, false)).rejects.toMatchObject({
    code: 'ERR_NOT_OFFLINABLE',
    message: expect.stringContaining('can-offline is missing') as string,
  })
  expect((await domain.vcpus()).slice(0, 2).map(({ guest }) => guest !== null && isKnown(guest) && guest.id)).toEqual([
    0, 1,
  ])
  expect(changesSent(agent)).toEqual([])
})
