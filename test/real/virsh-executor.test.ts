// examples/virsh-executor.ts behind a scripted virsh, a process for each command: on a simulated VM, and on a real QEMU that makes
// monitors while it runs.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { connectOwnMonitor, connectThroughVirsh } from '../../examples/virsh-executor.ts'
import { Refusal } from '../../src/testing/index.ts'
import { startVmOnSockets } from '../unit/cli/cli-vm.ts'
import { libvirtHost } from './beside-libvirt/host.ts'
import { start } from './support/boot.ts'

/** Each command starts a process, and a busy host takes its time for that. */
const PATIENT = { timeoutMs: 120_000 }

async function simulated() {
  const vm = await startVmOnSockets()
  onTestFinished(() => vm[Symbol.asyncDispose]())
  const [, qmp, , qga] = vm.both
  const host = await libvirtHost(qmp, qga)
  const domain = await connectThroughVirsh('vm1', { virsh: host.virsh })
  onTestFinished(() => domain.close())
  return { ...vm, ...host, domain }
}

/** A virsh that prints this and ends so. */
async function virshThat(script: string): Promise<readonly [string, ...string[]]> {
  const folder = await mkdtemp(join(tmpdir(), 'virsh-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'virsh'), `#!/bin/sh\n${script}\n`)
  await chmod(join(folder, 'virsh'), 0o755)
  return [join(folder, 'virsh')]
}

describe('through virsh', () => {
  test('both sides are read, and what virsh setvcpu plugs is seen', async () => {
    const { domain, libvirt } = await simulated()
    expect(String(await domain.getVcpuMap('onlinable', PATIENT))).toBe('2-7')
    expect(String(await domain.getVcpuMap('agent-online', PATIENT))).toBe('0-1')
    await libvirt.virsh(['setvcpu', 'vm1', '5', '--enable', '--live'])
    expect(String(await domain.getVcpuMap('online', PATIENT))).toBe('0-1,5')
    const [, , , , , five] = await domain.vcpus(PATIENT)
    expect(five).toMatchObject({ id: 5, online: true, guest: { id: 2, online: false, confidence: 'exact' } })
    expect(libvirt.passed).toContain('guest-file-read')
  })

  test.each([
    ['a plug', 5, true],
    ['an unplug', 1, false],
  ])('%s is not passed, and is rejected', async (_what, id, online) => {
    const { domain, libvirt, qemu } = await simulated()
    await expect(domain.setVcpuState(id, online, PATIENT)).rejects.toMatchObject({
      ...{ code: 'ERR_COMMAND', outcome: 'rejected' },
      description: 'not passed to libvirt: change vCPUs with virsh setvcpu',
    })
    await expect(domain.setGuestVcpuState(1, false, PATIENT)).rejects.toMatchObject({ outcome: 'rejected' })
    expect(libvirt.passed.filter((command) => /^device_|set/.test(command))).toEqual([])
    expect(qemu.pluggedVcpus).toEqual([0, 1])
  })

  test('a refusal of QEMU’s is its own', async () => {
    const { qemu, domain } = await simulated()
    qemu.onCommand('query-hotpluggable-cpus', () => {
      throw new Refusal('not at this time')
    })
    await expect(domain.getVcpuMap('online', PATIENT)).rejects.toMatchObject({
      name: 'CommandError',
      description: 'not at this time',
    })
  })

  test('a VM that libvirt does not know: virsh’s own words', async () => {
    const { virsh } = await simulated()
    const other = await connectThroughVirsh('vm2', { virsh })
    onTestFinished(() => other.close())
    await expect(other.getVcpuMap('online', PATIENT)).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      message: expect.stringContaining("failed to get domain 'vm2'") as string,
    })
  })

  test.each([
    ['is not there', ['/nonexistent/virsh'], 'ERR_CONNECT'],
    ['prints no JSON', 'echo hello', 'ERR_PROTOCOL'],
    ['prints JSON that is no reply', 'echo 7', 'ERR_PROTOCOL'],
    ['fails', 'echo "error: no access" >&2; exit 1', 'ERR_CONNECTION_LOST'],
  ])('a virsh that %s', async (_what, how, code) => {
    const virsh = typeof how === 'string' ? await virshThat(how) : ([how[0] ?? ''] as const)
    const domain = await connectThroughVirsh('vm1', { virsh })
    onTestFinished(() => domain.close())
    await expect(domain.getVcpuMap('online', PATIENT)).rejects.toMatchObject({ code })
  })

  test('a virsh that never ends is ended, by time and by signal', async () => {
    const domain = await connectThroughVirsh('vm1', { virsh: await virshThat('exec sleep 600') })
    onTestFinished(() => domain.close())
    await expect(domain.getVcpuMap('online', { timeoutMs: 200 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
    const why = new Error('not wanted any more')
    const end = new AbortController()
    const reading = domain.getVcpuMap('online', { signal: end.signal })
    end.abort(why)
    await expect(reading).rejects.toBe(why)
  })
})

test('a monitor of one’s own beside libvirt, made through virsh', async () => {
  await using machine = await start('x86_64', { qemuVersion: '11', smp: '2,maxcpus=8', paused: true })
  const { virsh, libvirt } = await libvirtHost(machine.qmpPath)
  const domain = await connectOwnMonitor('vm1', {}, { virsh })
  onTestFinished(() => domain.close())
  expect(libvirt.passed).toContain('object-add')
  const passed = libvirt.passed.length
  // From here on libvirt's monitor is not asked.
  expect(await libvirt.virsh(['setvcpu', 'vm1', '5', '--enable', '--live'])).toMatchObject({ status: 0 })
  expect(String(await domain.getVcpuMap('online', PATIENT))).toBe('0-1,5')
  expect(libvirt.passed).toHaveLength(passed)
})
