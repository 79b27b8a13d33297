// What `export` says makes the same vCPUs again: a machine with holes, a guest that has renumbered its CPUs, vCPUs of -smp, of
// -device and plugged later. A running guest migrates into the QEMU that was started with it and goes on hotplugging there.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import {
  bootGuest,
  ensureGuestImage,
  resolveQemu,
  type Guest,
  type GuestOptions,
} from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain, layoutArguments, type VcpuLayout } from '../../src/index.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { trueDevices } from '../oracle/vcpus.ts'
import { eventually } from './support/eventually.ts'

interface Case {
  readonly name: string
  readonly boot: (options: Partial<Omit<GuestOptions, 'qemu' | 'image'>>) => Promise<Guest>
  readonly smp: string
  /** Of the vCPU that the source has on its command line. */
  readonly device: string
  /** Plugged in this order, so that the guest's ids do not go by QEMU's. */
  readonly plugs: readonly number[]
  /** Unplugged again: a hole, and an id of the guest that the next one takes. */
  readonly unplugged?: number
  readonly last: number
  /** Free in the end. */
  readonly free: number
}

const CASES: readonly Case[] = [
  {
    name: 'q35 on QEMU 10.0',
    boot: (options) => booted('x86_64', '10.0', options),
    smp: '2,maxcpus=8',
    device: 'qemu64-x86_64-cpu,id=early,socket-id=0,core-id=4,thread-id=0',
    plugs: [7, 3],
    unplugged: 7,
    last: 6,
    free: 2,
  },
  {
    name: 'pseries on QEMU 11',
    boot: (options) => booted('ppc64le', '11', options),
    smp: '2,maxcpus=8',
    device: 'power11_v2.0-spapr-cpu-core,id=early,core-id=4',
    plugs: [7, 3],
    last: 6,
    free: 2,
  },
]

async function booted(
  arch: 'x86_64' | 'ppc64le',
  version: '10.0' | '11',
  options: Partial<Omit<GuestOptions, 'qemu' | 'image'>>,
): Promise<Guest> {
  const image = await ensureGuestImage({ arch, kernel: '6.1' }, console.error)
  const qemu = await resolveQemu(version, arch === 'x86_64' ? 'x86_64' : 'ppc64', console.error)
  return bootGuest({ ...options, qemu, image })
}

async function connect(guest: Guest): Promise<Domain> {
  showConsoleOnFailure(guest)
  const domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  onTestFinished(() => domain.close())
  return domain
}

/** By QEMU's word and the guest's, without the package: which device each vCPU is, and which CPU of the guest. */
async function truth(guest: Guest): Promise<unknown> {
  const cpus = new Map((await trueCpus(guest)).map(({ index, ...cpu }) => [index, cpu]))
  const devices = await trueDevices(guest)
  return devices.map(({ index, path }) => {
    const { guestId, online } = cpus.get(index) ?? {}
    // A vCPU of -smp in the one may be one of -device in the other only where its id is the same.
    return { index, device: /^\/machine\/peripheral\/(.*)$/.exec(path)?.[1] ?? 'none', guestId, online }
  })
}

/** A machine with holes, vCPUs of three origins, and ids of the guest that do not go by QEMU's. */
async function makeSource(of: Case): Promise<{ source: Guest; domain: Domain }> {
  const source = await of.boot({ smp: of.smp, extraArgs: ['-device', of.device] })
  onTestFinished(() => source.stop())
  const domain = await connect(source)
  for (const id of of.plugs) await domain.setVcpuState(id, true, { guest: true })
  if (of.unplugged !== undefined) await domain.setVcpuState(of.unplugged, false, { guest: true })
  await domain.setVcpuState(of.last, true, { guest: true })
  return { source, domain }
}

async function migrate(source: Guest, target: Guest): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const uri = `unix:${join(directory, 'migration.sock')}`
  await target.query('migrate-incoming', { uri })
  await source.query('migrate', { uri })
  const status = await eventually('the migration is over', async () => {
    const reply = (await source.query('query-migrate')) as { readonly status?: string }
    return reply.status === 'completed' || reply.status === 'failed' ? reply.status : undefined
  })
  expect(status).toBe('completed')
}

/** The running guest is the same one in `target`, and hotplug goes on there. */
async function goesOn({ unplugged, last, free, plugs }: Case, target: Guest, before: unknown): Promise<void> {
  await target.query('cont')
  const domain = await connect(target)
  await eventually(
    'the guest runs at the target',
    async () => ((await target.query('query-status')) as { running: boolean }).running,
  )
  await eventually('the agent answers', async () => (await domain.getVcpuMap('agent-online')).size > 0)
  expect(await truth(target)).toEqual(before)
  await domain.setVcpuState(free, true, { guest: true })
  if (unplugged !== undefined) await domain.setVcpuState(unplugged, true, { guest: true })
  await domain.setVcpuState(last, false, { guest: true })
  const now = (await trueDevices(target)).map(({ index }) => index)
  expect(now).toEqual([0, 1, 4, free, ...plugs].sort((a, b) => a - b))
  expect((await trueCpus(target)).filter(({ online }) => online)).toHaveLength(now.length)
}

test.each(CASES)('$name: into a QEMU that was started with the arguments of export', async (of) => {
  const { source, domain } = await makeSource(of)
  const before = await truth(source)
  const [, smp = '', ...devices] = layoutArguments(await domain.exportLayout())
  const target = await of.boot({ smp, paused: true, extraArgs: ['-incoming', 'defer', ...devices] })
  onTestFinished(() => target.stop())
  const waiting = await Domain.connect({ qmp: target.qmpPath })
  expect(String(await waiting.getVcpuMap())).toBe(String(await domain.getVcpuMap()))
  await waiting.close()
  await migrate(source, target)
  await goesOn(of, target, before)
})

test.each(CASES)('$name: into a QEMU of the original arguments, in which export --apply plugs the rest', async (of) => {
  const { source, domain } = await makeSource(of)
  const before = await truth(source)
  const file = JSON.parse(JSON.stringify(await domain.exportLayout())) as VcpuLayout
  const target = await of.boot({ smp: of.smp, paused: true, extraArgs: ['-incoming', 'defer', '-device', of.device] })
  onTestFinished(() => target.stop())
  const waiting = await Domain.connect({ qmp: target.qmpPath })
  const { changed } = await waiting.applyLayout(file)
  expect([...changed]).toEqual([...of.plugs, of.last].filter((id) => id !== of.unplugged).sort((a, b) => a - b))
  expect((await waiting.applyLayout(file)).changed.size).toBe(0)
  await waiting.close()
  await migrate(source, target)
  await goesOn(of, target, before)
})
