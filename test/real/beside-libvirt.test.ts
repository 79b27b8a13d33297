// The command beside libvirt: a scripted daemon holds the VM's one monitor, and the relay of docs/libvirt-and-proxmox.md, a process
// of its own that runs a virsh for each request, is what --via is given. The VM is simulated, and once a real QEMU.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { SimulatedQemu } from '../../src/testing/index.ts'
import { runCommand } from '../support/run-command.ts'
import { documentOf, expectToldToScripts } from '../unit/cli/expect-failure.ts'
import { libvirtHost } from './beside-libvirt/host.ts'
import { start } from './support/boot.ts'

const READS = [['map'], ['list'], ['doctor'], ['export'], ['scale', '4', '--dry-run']] as const
const CHANGES = ['set 5 on', 'set 1 off', 'set 4-5 on', 'scale 4']

/** libvirt takes the VM; `before` is what each read said while its monitor was free. */
async function besideLibvirt(qmp: readonly [string, string]) {
  const before: unknown[] = []
  for (const verb of READS) before.push(documentOf(await runCommand([...verb, '--json', ...qmp])))
  return { before, ...(await libvirtHost(qmp[1])) }
}

async function simulated() {
  const folder = await mkdtemp(join(tmpdir(), 'beside-libvirt-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 }, { accelerator: 'tcg' })
  onTestFinished(() => qemu[Symbol.asyncDispose]())
  const qmp = ['--qmp', join(folder, 'qmp.sock')] as const
  await qemu.listen(qmp[1])
  return { qemu, qmp, ...(await besideLibvirt(qmp)) }
}

describe('through the relay over virsh', () => {
  test('each verb that reads says what it says on a free monitor', async () => {
    const { before, run } = await simulated()
    for (const [at, verb] of READS.entries())
      expect(documentOf(await run(...verb, '--json')), verb[0]).toEqual(before[at])
  })

  test('what virsh setvcpu plugs and unplugs is seen', async () => {
    const { libvirt, run } = await simulated()
    expect(await libvirt.virsh(['setvcpu', 'vm1', '5', '--enable', '--live'])).toMatchObject({ status: 0 })
    expect(documentOf(await run('map', '--json'))).toMatchObject({ qemu: { online: '0-1,5', offlinable: '1,5' } })
    expect((await run('list')).stdout).toMatch(/^ +5 {2}plugged +vcpu5 /m)
    expect(await libvirt.virsh(['setvcpu', 'vm1', '5', '--disable', '--live'])).toMatchObject({ status: 0 })
    expect(documentOf(await run('map', '--json'))).toMatchObject({ qemu: { online: '0-1' } })
  })

  test.each(CHANGES)('%s is rejected with the words of the relay, and libvirt’s account stays right', async (line) => {
    const { qemu, libvirt, run } = await simulated()
    const failure = await run(...line.split(' '), '--json')
    expect(failure).toMatchObject({ code: 1 })
    expect(documentOf(failure)).toMatchObject({ error: { outcome: 'rejected' } })
    expect(failure.stderr).toContain('virsh setvcpu')
    expect(qemu.pluggedVcpus).toEqual([...libvirt.account])
    expect(libvirt.passed.filter((command) => command.startsWith('device_'))).toEqual([])
  })

  test('a set to the state that it is in sends nothing, and is done', async () => {
    const { run } = await simulated()
    expect(documentOf(await run('set', '1', 'on', '--json'))).toMatchObject({ changed: '', outcome: 'done' })
  })

  test('doctor says what the guest answered, where virsh knows a time-out alone', async () => {
    const { qemu, libvirt, run } = await simulated()
    await libvirt.virsh(['setvcpu', 'vm1', '5', '--enable', '--live'])
    qemu.guest.onUnplug = 'refuse'
    const timedOut = await libvirt.virsh(['setvcpu', 'vm1', '5', '--disable', '--live'])
    expect(timedOut.stderr).toContain('timed out')
    expect((await run('doctor')).stdout).toMatch(/vCPU 5.*_OST/s)
  })

  test('a VM that libvirt does not run: the relay ends, after virsh has said why', async () => {
    const { via } = await simulated()
    expectToldToScripts(await runCommand(['map', '--json', '--via', via('vm2')]), {
      exit: 3,
      code: 'ERR_CONNECTION_LOST',
      outcome: 'not-sent',
      message: /the program of --via exited with 1/,
    })
  })
})

test('the monitor that libvirt holds is busy for everyone else', async () => {
  const { qemu, qmp } = await simulated()
  for (const verb of [['map'], ['set', '5', 'on']]) {
    const busy = await runCommand([...verb, '--json', ...qmp, '--timeout', '5000'])
    expect(busy.code).toBe(3)
    expect(documentOf(busy)).toMatchObject({ error: { code: 'ERR_MONITOR_BUSY', outcome: 'not-sent' } })
  }
  expect(qemu.pluggedVcpus).toEqual([0, 1])
})

// As libvirt starts a QEMU.
const LIBVIRTS_ARGUMENTS = ['-object', 'secret,id=masterKey0,format=raw,data=of-no-use']

test('the same of a real QEMU, and doctor warns that libvirt started it', async () => {
  await using machine = await start('x86_64', { smp: '2,maxcpus=8', extraArgs: LIBVIRTS_ARGUMENTS })
  const { before, run, libvirt } = await besideLibvirt(['--qmp', machine.qmpPath])
  for (const [at, verb] of READS.entries())
    expect(documentOf(await run(...verb, '--json')), verb[0]).toEqual(before[at])
  expect((await run('doctor')).stdout).toMatch(/\(managed-by-libvirt\)$.*\(tcg-plug-budget\)$/ms)
  expect((await run('set', '5', 'on')).code).toBe(1)
  expect(await libvirt.virsh(['setvcpu', 'vm1', '5', '--enable', '--live'])).toMatchObject({ status: 0 })
  expect(documentOf(await run('map', '--json'))).toMatchObject({ qemu: { online: '0-1,5' } })
})
