import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Guest } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { guestTruth } from '../oracle/guest-cpus.ts'
import { runCommand } from '../support/run-command.ts'
import { boot } from './support/boot.ts'
import { BUDGET, diagnosis, findingOf } from './support/diagnosis.ts'
import { eventually } from './support/eventually.ts'
import { unplugAndGiveUp } from './support/give-up.ts'
import { testedQemu } from './support/tested-qemu.ts'

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
    expect((await findingOf(domain, 'tcg-plug-budget')).evidence).toBe(
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
    expect((await findingOf(domain, 'unplug-refused')).evidence).toBe(
      'query-acpi-ospm-status: slot 1, source 0x3, status 0x82',
    )
    await guest.shell('killall sleep')
  })

  test('that is stopped: an unplug stays pending, and the agent is silent', async () => {
    showConsoleOnFailure(guest)
    await guest.query('stop')
    await unplugAndGiveUp(domain, 5)
    const findings = await domain.doctor({ timeoutMs: 8_000 })
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

  test('that was reset while an unplug was pending: it is told, and what is advised ends it', async () => {
    showConsoleOnFailure(guest)
    await domain.setVcpuState(3, true)
    await guest.query('stop')
    await unplugAndGiveUp(domain, 3)
    const resetting = guest.reset()
    await guest.query('cont')
    await resetting
    await guest.waitForAgent()
    expect((await domain.getVcpuMap('agent-online')).size).toBe(3)
    expect(await diagnosis(domain)).toContain('warns unplug-kept')
    expect((await domain.getVcpuMap()).has(3)).toBe(true)
    await domain.setVcpuState(3, false)
    expect(await diagnosis(domain)).not.toContain('warns unplug-kept')
  })

  test('the command says the same, to people and to scripts', async () => {
    showConsoleOnFailure(guest)
    // Another connection has not seen how many were plugged before it.
    const own = (await domain.doctor()).filter(({ code }) => code !== 'tcg-plug-budget')
    await domain.close()
    const argv = ['doctor', '--qmp', guest.qmpPath, '--qga', guest.qgaPath]
    const scripts = await runCommand([...argv, '--json'])
    expect(scripts).toMatchObject({ code: 0, stderr: '' })
    const { findings } = JSON.parse(scripts.stdout) as { readonly findings: typeof own }
    expect(findings.filter(({ code }) => code !== 'tcg-plug-budget')).toEqual(own)
    expect(findings).toHaveLength(own.length + 1)
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

test('a guest that cannot turn a CPU on', async () => {
  await using guest = await boot({ qemuVersion: '11' })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  await domain.setGuestVcpuState(1, false)
  // Linux has this file for CPUs that were there at boot only. A late step of going on line fails.
  await guest.shell(
    "sed -n 's/: workqueue:online$//p' /sys/devices/system/cpu/hotplug/states >/sys/devices/system/cpu/cpu1/hotplug/fail",
  )
  await domain.vcpus()
  await expect(domain.setGuestVcpuState(1, true)).rejects.toMatchObject({ outcome: 'rejected' })
  expect(await diagnosis(domain)).toEqual([BUDGET, 'warns guest-cpu-fails'])
  expect((await findingOf(domain, 'guest-cpu-fails')).evidence).toMatch(/^CPU 1: guest-set-vcpus: .*cpu1.*online/)
  expect(await guestTruth(guest)).toEqual({ present: '0-1', online: '0' })
  // As advised: the guest does not run it, and it is unplugged without harm.
  await domain.setVcpuState(1, false, { guest: true })
  expect(await diagnosis(domain)).toEqual([BUDGET, 'notes only-boot-vcpu'])
  expect(await guestTruth(guest)).toEqual({ present: '0', online: '0' })
})

test('a guest without an agent', async () => {
  await using guest = await boot({ agent: false })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const findings = await domain.doctor({ timeoutMs: 8_000 })
  const ofOldest = testedQemu === '7.2' ? ['tcg-replug-crash'] : []
  expect(findings.map(({ code }) => code)).toEqual([...ofOldest, 'tcg-plug-budget', 'agent-silent'])
})
