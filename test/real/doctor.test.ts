import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Guest, Machine, MachineOptions, QemuTarget, QemuVersion } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { connectionFinding, Domain } from '../../src/index.ts'
import { runCommand } from '../support/run-command.ts'
import { boot, start } from './support/boot.ts'
import { eventually } from './support/eventually.ts'
import { testedQemu } from './support/tested-qemu.ts'

/** Every guest here runs under TCG, and its budget of plugs is a finding of its own. */
const BUDGET = 'warns tcg-plug-budget'

/** The findings' severities and names, the worst first. */
async function diagnosis(domain: Domain): Promise<string[]> {
  return (await domain.doctor()).map(({ severity, code }) => `${severity} ${code}`)
}

async function evidenceOf(domain: Domain, code: string): Promise<string | undefined> {
  return (await domain.doctor()).find((finding) => finding.code === code)?.evidence
}

describe('machines with nobody in them', () => {
  type Options = Partial<Omit<MachineOptions, 'qemu'>>
  test.each<[what: string, version: QemuVersion, target: QemuTarget, options: Options, told: string[]]>([
    ['q35 on 7.2', '7.2', 'x86_64', { accel: 'tcg,thread=multi' }, ['warns tcg-replug-crash', BUDGET]],
    ['q35 on 10.0', '10.0', 'x86_64', { accel: 'tcg,thread=multi' }, [BUDGET]],
    ['q35 on 11', '11', 'x86_64', { accel: 'tcg,thread=multi' }, [BUDGET]],
    [
      'one thread on 7.2',
      '7.2',
      'x86_64',
      { accel: 'tcg,thread=single' },
      ['blocks tcg-single-thread', 'warns tcg-replug-crash'],
    ],
    ['one thread on 10.0', '10.0', 'x86_64', { accel: 'tcg,thread=single' }, ['blocks tcg-single-thread']],
    ['one thread on 11', '11', 'x86_64', { accel: 'tcg,thread=single' }, ['blocks tcg-single-thread']],
    ['no vCPU runs on 11', '11', 'x86_64', { accel: 'qtest' }, []],
    ['without ACPI', '10.0', 'x86_64', { machine: 'q35,acpi=off' }, ['blocks acpi-off', BUDGET]],
    ['full', '11', 'x86_64', { smp: '2' }, ['blocks no-free-slot', 'blocks tcg-plug-budget']],
    ['alone', '10.0', 'x86_64', { smp: '1,maxcpus=4' }, [BUDGET, 'notes only-boot-vcpu']],
    ['stopped', '10.0', 'x86_64', { paused: true }, ['warns vm-not-running', BUDGET]],
    ['microvm', '10.0', 'x86_64', { machine: 'microvm', smp: '2' }, ['blocks no-hotplug']],
    ['s390x', '10.0', 's390x', { paused: true, smp: '2,maxcpus=4' }, ['blocks never-unplugs', 'warns vm-not-running']],
    ['pseries', '10.0', 'ppc64', { smp: '8,threads=4,maxcpus=16' }, [BUDGET]],
  ])('%s', async (_, qemuVersion, target, options, told) => {
    await using machine = await start(target, { smp: '2,maxcpus=8', ...options, qemuVersion })
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    expect(await diagnosis(domain)).toEqual([...told, 'notes agent-not-given'])
  })

  test('while it migrates, and that QEMU refuses to plug meanwhile', async () => {
    await using machine = await start('x86_64', { smp: '2,maxcpus=8' })
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    await migrateSlowly(machine)
    expect(await diagnosis(domain)).toContain('blocks migrating')
    await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({ name: 'CommandError', outcome: 'rejected' })
    await machine.query('migrate_cancel')
    await eventually('the migration is over', async () => !(await diagnosis(domain)).includes('blocks migrating'))
    await domain.setVcpuState(5, true)
  })

  /** At 4 kB a second even the little that an empty machine has takes minutes. (Below 10 bytes a second is no limit at all.) */
  async function migrateSlowly(machine: Machine): Promise<void> {
    await machine.query('migrate-set-parameters', { 'max-bandwidth': 4_000 })
    await machine.query('migrate', { uri: 'exec:cat >/dev/null' })
    await eventually('the migration is under way', async () => {
      const { status } = (await machine.query('query-migrate')) as { readonly status?: string }
      return status === 'active'
    })
  }

  test('a monitor that somebody else holds is explained', async () => {
    await using machine = await start('x86_64')
    await using holder = await Domain.connect({ qmp: machine.qmpPath })
    const error = await Domain.connect({ qmp: machine.qmpPath, timeoutMs: 300 }).catch((reason: unknown) => reason)
    expect(connectionFinding(error)).toMatchObject({ code: 'monitor-busy' })
    const run = await runCommand(['doctor', '--timeout', '300', '--qmp', machine.qmpPath])
    expect(run.code).toBe(3)
    expect(run.stdout).toContain('(monitor-busy)')
    await holder.getVcpuMap()
  })
})

// One guest, one story: each test goes on from the state that the one before it left.
describe('a guest on a kernel that takes what is plugged', () => {
  let guest: Guest
  let domain: Domain

  beforeAll(async () => {
    guest = await boot({ qemuVersion: '11' })
    domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  })

  afterAll(async () => {
    await domain.close()
    await guest.stop()
  })

  /** End the agent and start another. */
  async function restartAgent(args: string): Promise<void> {
    // A frozen one takes no other signal.
    await guest.shell('kill -9 $(cat /run/qemu-ga.pid)')
    await guest.waitForAgentGone()
    await guest.shell(`(start-agent ${args} >/dev/null 2>&1 &)`)
    await guest.waitForAgent()
  }

  test('is well', async () => {
    showConsoleOnFailure(guest)
    expect(await diagnosis(domain)).toEqual([BUDGET])
    expect(await evidenceOf(domain, 'tcg-plug-budget')).toBe(
      'query-accelerators: "tcg" is enabled; qom-get /machine smp: cpus 2, maxcpus 8; plugged since: 0',
    )
  })

  test('leaves a plugged CPU off, and is well once it is turned on as advised', async () => {
    showConsoleOnFailure(guest)
    await domain.setVcpuState(5, true)
    await eventually('the guest lists CPU 2', async () => (await domain.getVcpuMap('agent-possible')).has(2))
    expect(await diagnosis(domain)).toEqual([BUDGET, 'warns guest-cpu-offline'])
    await domain.setGuestVcpuState(2, true)
    expect(await diagnosis(domain)).toEqual([BUDGET])
  })

  test('whose agent may not read files', async () => {
    showConsoleOnFailure(guest)
    await restartAgent('--block-rpcs=guest-file-open')
    expect(await diagnosis(domain)).toEqual([BUDGET, 'warns translation-unsure', 'notes agent-rpc-blocked'])
    await expect(domain.setVcpuState(5, false, { guest: true })).rejects.toMatchObject({ code: 'ERR_UNSURE' })
  })

  test('whose agent may not turn CPUs on or off', async () => {
    showConsoleOnFailure(guest)
    await restartAgent('--block-rpcs=guest-set-vcpus')
    expect(await diagnosis(domain)).toEqual([BUDGET, 'warns agent-rpc-blocked'])
  })

  test('that is frozen', async () => {
    showConsoleOnFailure(guest)
    // What an agent leaves behind that ends while the file systems are frozen: the next one is frozen from its start.
    await guest.shell('touch /run/qga.state.isfrozen')
    await restartAgent('')
    expect(await diagnosis(domain)).toEqual([BUDGET, 'warns guest-frozen'])
    await expect(domain.getVcpuMap('agent-online')).rejects.toMatchObject({ name: 'CommandError' })
    await guest.shell('rm /run/qga.state.isfrozen')
    await restartAgent('')
    expect(await diagnosis(domain)).toEqual([BUDGET])
  })

  test('that refused an unplug', async () => {
    showConsoleOnFailure(guest)
    // Deadline tasks that together want more than two CPUs: the kernel cannot give up any of its three.
    await guest.shell(
      'for i in 1 2 3; do chrt-deadline -d --sched-period 1000000000 --sched-runtime 700000000 0 sleep 1000 & done',
    )
    await expect(domain.setVcpuState(1, false)).rejects.toMatchObject({ code: 'ERR_GUEST_REFUSED' })
    expect(await diagnosis(domain)).toEqual([BUDGET, 'warns unplug-refused'])
    expect(await evidenceOf(domain, 'unplug-refused')).toBe('query-acpi-ospm-status: slot 1, source 0x3, status 0x82')
    await guest.shell('killall sleep')
  })

  test('that is stopped: an unplug stays pending, and the agent is silent', async () => {
    showConsoleOnFailure(guest)
    await guest.query('stop')
    await expect(domain.setVcpuState(5, false, { timeoutMs: 300 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    const findings = await domain.doctor({ timeoutMs: 2_000 })
    expect(findings.map(({ code }) => code)).toEqual([
      'vm-not-running',
      'tcg-plug-budget',
      'agent-silent',
      'unplug-pending',
      'unplug-refused',
    ])
    await guest.query('cont')
    await eventually(
      'vCPU 5 has gone',
      async () => domain.pendingRemovals().size === 0 && !(await domain.getVcpuMap()).has(5),
    )
    await eventually('the agent answers', async () => !(await diagnosis(domain)).includes('warns agent-silent'))
  })

  test('the command says the same, to people and to scripts', async () => {
    showConsoleOnFailure(guest)
    const own = await domain.doctor()
    await domain.close()
    const argv = ['doctor', '--qmp', guest.qmpPath, '--qga', guest.qgaPath]
    const scripts = await runCommand([...argv, '--json'])
    expect(scripts).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(scripts.stdout)).toEqual({ findings: own })
    const people = await runCommand(argv)
    expect(people).toMatchObject({ code: 0, stderr: '' })
    for (const { summary } of own) expect(people.stdout).toContain(summary)
  })
})

test('a kernel that ignores the slots: told before anything is plugged, and what helps', async () => {
  await using guest = await boot({ qemuVersion: '10.0', kernel: '6.12' })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  expect(await diagnosis(domain)).toEqual(['blocks guest-kernel-room', BUDGET])
  const [room] = await domain.doctor()
  expect(room?.evidence).toMatch(/^\/sys\/devices\/system\/cpu\/possible: 0-1; kernel 6\.12\./)
  expect(room?.advice).toContain('TCG is none')
  await domain.setVcpuState(5, true)
  expect(await diagnosis(domain)).toEqual(['blocks guest-kernel-room', BUDGET, 'warns guest-cpu-missing'])
  // As advised: what is plugged when it boots, it takes.
  await guest.reboot()
  await eventually('the guest lists a third CPU', async () => (await domain.getVcpuMap('agent-possible')).size === 3)
  expect(await diagnosis(domain)).not.toContain('warns guest-cpu-missing')
})

test('a kernel that was told to have less room', async () => {
  await using guest = await boot({ append: 'possible_cpus=4' })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const room = (await domain.doctor()).find(({ code }) => code === 'guest-kernel-room')
  expect(room).toMatchObject({
    severity: 'warns',
    advice: "take possible_cpus=4 off the guest kernel's command line, and boot it again",
  })
})

test('a guest without an agent', async () => {
  await using guest = await boot({ agent: false })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const findings = await domain.doctor({ timeoutMs: 2_000 })
  const ofOldest = testedQemu === '7.2' ? ['tcg-replug-crash'] : []
  expect(findings.map(({ code }) => code)).toEqual([...ofOldest, 'tcg-plug-budget', 'agent-silent'])
})
