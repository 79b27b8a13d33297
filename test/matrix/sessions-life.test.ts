import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Guest, QemuVersion } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { guestTruth, trueCpus } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { eventually } from '../real/support/eventually.ts'
import { addSnapshotDisk, runJob } from '../real/support/snapshots.ts'
import { failureOf } from './refusals.ts'
import { AS_VMWARE, bootX86, cellsOf } from './sessions/x86-guest.ts'

// What happens around a VM in its life. Hibernation (S4) is left out: a guest that comes back from it finds its CPUs by its
// own image, and the kit's guests have no disk to write one to.

const VERSIONS: readonly QemuVersion[] = ['10.0', '11']
const NO_FILES = ['--block-rpcs=guest-file-open,guest-file-read,guest-file-close']

async function connect(guest: Guest, qmp = guest.qmpPath): Promise<Domain> {
  showConsoleOnFailure(guest)
  const domain = await Domain.connect({ qmp, qga: guest.qgaPath })
  onTestFinished(() => domain.close())
  return domain
}

/** A directory for the sockets and files of one test. */
async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  return directory
}

/** By the guest's own word: which CPU is which vCPU, and whether it runs. */
async function guestCpus(guest: Guest): Promise<string[]> {
  return (await trueCpus(guest)).map(({ index, guestId, online }) => `${index} is ${guestId} ${online ? 'on' : 'off'}`)
}

describe.each(VERSIONS)('QEMU %s', (version) => {
  test('plugs while the guest boots: before the firmware, in the kernel, at the first program', async () => {
    await using guest = await bootX86(version, '6.1', { paused: true })
    const domain = await connect(guest)
    await cellsOf(guest)('plug', 'while the guest boots', async () => {
      await domain.setVcpuState(2, true)
      await guest.query('cont')
      await guest.consoleShows(/\n\[ *\d+\.\d+\]|Linux version/)
      await domain.setVcpuState(3, true)
      await guest.consoleShows('guest is up')
      await domain.setVcpuState(4, true)
      await guest.waitForBoot()
      expect(await trueIndexes(guest)).toEqual([0, 1, 2, 3, 4])
      // Whatever the boot made of each, the same request again sees it through.
      for (const id of [2, 3, 4]) await domain.setVcpuState(id, true, { guest: true })
      expect(await guestTruth(guest)).toEqual({ present: '0-4', online: '0-4' })
      return undefined
    })
    await cellsOf(guest)('unplug', 'of what was plugged while the guest booted', async () => {
      for (const id of [2, 3, 4]) await domain.setVcpuState(id, false, { guest: true })
      expect(await guestTruth(guest)).toEqual({ present: '0-1', online: '0-1' })
      return undefined
    })
  })

  test('a snapshot: the guest of then is there with its CPUs, and hotplug goes on', async () => {
    await using guest = await bootX86(version, '6.1')
    const domain = await connect(guest)
    await addSnapshotDisk(guest, join(await scratch(), 'snapshots.qcow2'))
    const where = { tag: 'then', vmstate: 'snapshots', devices: ['snapshots'] }
    await cellsOf(guest)('translation', 'after loadvm', async () => {
      await domain.setVcpuState(5, true, { guest: true })
      await runJob(guest, 'snapshot-save', { 'job-id': 'save', ...where })
      await domain.setGuestVcpuState(2, false)
      expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: 2, online: false })
      await runJob(guest, 'snapshot-load', { 'job-id': 'load', ...where })
      await eventually('the agent answers', async () => (await domain.getVcpuMap('agent-online')).has(2))
      expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: 2, online: true, confidence: 'exact' })
      return undefined
    })
    await cellsOf(guest)('plug', 'after loadvm', async () => {
      await domain.setVcpuState(6, true, { guest: true })
      expect(await guestCpus(guest)).toEqual(['0 is 0 on', '1 is 1 on', '5 is 2 on', '6 is 3 on'])
      return undefined
    })
    await cellsOf(guest)('unplug', 'after loadvm', async () => {
      await domain.setVcpuState(5, false, { guest: true })
      expect(await trueIndexes(guest)).toEqual([0, 1, 6])
      return undefined
    })
    // The snapshot has vCPU 5 and not 6.
    await cellsOf(guest)('map', 'loadvm of a snapshot with other vCPUs', async () => {
      const message = String(await runJob(guest, 'snapshot-load', { 'job-id': 'again', ...where }))
      const words = version === '11' ? "Unknown section or instance 'apic' 5." : 'Error -22 while loading VM state'
      expect(message).toContain(words)
      expect(String(await domain.getVcpuMap())).toBe('0-1,6')
      return { verdict: 'refused-by-qemu', message }
    })
  })

  test('a running guest is migrated, and hotplug goes on at the target; the source is left alone', async () => {
    await using source = await bootX86(version, '6.1')
    const before = await connect(source)
    await before.setVcpuState(5, true, { guest: true })
    const device = 'qemu64-x86_64-cpu,socket-id=0,core-id=5,thread-id=0,id=moved5'
    await using target = await bootX86(version, '6.1', {
      paused: true,
      extraArgs: ['-incoming', 'defer', '-device', device],
    })
    const after = await connect(target)
    const uri = `unix:${join(await scratch(), 'migration.sock')}`
    await target.query('migrate-incoming', { uri })
    await source.query('migrate', { uri })
    await eventually('the migration is over', async () => {
      const reply = await source.query('query-migrate')
      return typeof reply === 'object' && reply !== null && 'status' in reply && reply.status === 'completed'
    })
    await target.query('cont')
    const cell = cellsOf(target)
    await cell('translation', 'after a migration', async () => {
      expect((await after.vcpus())[5]?.guest).toMatchObject({ id: 2, online: true, confidence: 'exact' })
      return undefined
    })
    await cell('plug', 'after a migration', async () => {
      await after.setVcpuState(6, true, { guest: true })
      expect(await guestCpus(target)).toEqual(['0 is 0 on', '1 is 1 on', '5 is 2 on', '6 is 3 on'])
      return undefined
    })
    await cell('unplug', 'after a migration, of a vCPU that came with it', async () => {
      expect(await after.setVcpuState(5, false, { guest: true })).toMatchObject({ deviceId: 'moved5' })
      expect(await guestCpus(target)).toEqual(['0 is 0 on', '1 is 1 on', '6 is 3 on'])
      await after.setVcpuState(5, true, { guest: true })
      return undefined
    })
    // The source has the same disks and must not run again: a change through its guest times out, and nothing was sent.
    const failure = await failureOf(before.setVcpuState(6, true, { guest: true, timeoutMs: 5_000 }))
    expect(failure).toMatchObject({ outcome: 'not-sent' })
    expect(await source.query('query-status')).toMatchObject({ status: 'postmigrate' })
    expect(await trueIndexes(source)).toEqual([0, 1, 5])
  })
})

test('QEMU 11: a monitor made at run time serves a domain, and goes with it', async () => {
  await using guest = await bootX86('11', '6.1')
  const path = join(await scratch(), 'made.sock')
  const address = { type: 'unix', data: { path } }
  const backend = { type: 'socket', data: { addr: address, server: true, wait: false } }
  await guest.query('chardev-add', { id: 'made', backend })
  const monitor = { 'qom-type': 'monitor-qmp', id: 'made-monitor', chardev: 'made', 'close-action': 'delete' }
  await guest.query('object-add', monitor)
  const domain = await connect(guest, path)
  await cellsOf(guest)('plug', 'by a monitor made at run time', async () => {
    await domain.setVcpuState(5, true, { guest: true })
    expect(await trueIndexes(guest)).toEqual([0, 1, 5])
    return undefined
  })
  await cellsOf(guest)('unplug', 'by a monitor made at run time', async () => {
    await domain.setVcpuState(5, false, { guest: true })
    expect(await trueIndexes(guest)).toEqual([0, 1])
    return undefined
  })
  await domain.close()
  await eventually('the monitor is gone', async () => {
    const chardevs = (await guest.query('query-chardev')) as readonly { readonly label: string }[]
    return chardevs.every(({ label }) => label !== 'made')
  })
  await expect(Domain.connect({ qmp: path })).rejects.toMatchObject({ name: 'ConnectionError' })
})

describe.each([
  { kernel: '6.1', machine: 'q35', options: {} },
  { kernel: '6.12', machine: 'q35, as VMware', options: AS_VMWARE },
  { kernel: '7', machine: 'q35, as VMware', options: AS_VMWARE },
] as const)('kernel $kernel, an agent without file commands', ({ kernel, machine, options }) => {
  test('a hole, a reboot, a replug: no CPU is taken for another', async () => {
    await using guest = await bootX86('11', kernel, { ...options, agent: NO_FILES })
    const domain = await connect(guest)
    const cell = cellsOf(guest, machine)
    for (const id of [5, 3]) await domain.setVcpuState(id, true, { guest: true })
    await domain.setVcpuState(5, false, { guest: true })
    await guest.reboot()
    await cell('plug', 'after a hole and a reboot, without files', async () => {
      const { guest: side } = await domain.setVcpuState(5, true, { guest: true })
      const five = (await trueCpus(guest)).find(({ index }) => index === 5)
      expect(five).toMatchObject({ online: true })
      expect(String(side?.ids)).toBe(String(five?.guestId))
      return undefined
    })
    await cell('translation', 'after a hole and a reboot, without files', async () => {
      const truth = new Map((await trueCpus(guest)).map(({ index, guestId }) => [index, guestId]))
      for (const { id, guest: side } of await domain.vcpus()) {
        // Where it is not known, nothing is said of it; what is computed or observed is right.
        if (typeof side?.id !== 'number' || side.confidence === 'assumed') continue
        expect([id, side.id, side.confidence]).toEqual([id, truth.get(id), side.confidence])
      }
      expect((await domain.vcpus())[5]?.guest).toMatchObject({ confidence: 'observed' })
      return undefined
    })
    await cell('unplug', 'after a hole and a reboot, without files', async () => {
      await domain.setVcpuState(5, false, { guest: true })
      const left = (await trueCpus(guest)).map(({ index, online }) => [index, online])
      expect(left).toEqual([
        [0, true],
        [1, true],
        [3, true],
      ])
      return undefined
    })
  })
})
