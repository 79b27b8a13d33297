// openMonitor() on real QEMUs: a monitor of one's own, through one that a daemon holds.
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import { resolveQemu, startMachine, type Machine, type QemuVersion } from '../../packages/guest-kit/src/index.ts'
import { Domain } from '../../src/index.ts'
import { openMonitor, QmpClient, type QmpExecutor } from '../../src/qmp/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { eventually } from './support/eventually.ts'

const start = async (version: QemuVersion): Promise<Machine> =>
  startMachine({ qemu: await resolveQemu(version, 'x86_64', console.error), smp: '2,maxcpus=8', paused: true })

/** The monitors and character devices that QEMU has, by its own word. */
async function had(machine: Machine): Promise<readonly string[]> {
  const chardevs = (await machine.query('query-chardev')) as readonly { readonly label: string }[]
  const objects = (await machine.query('qom-list', { path: '/objects' })) as readonly { name: string; type: string }[]
  const monitors = objects.filter(({ type }) => type.includes('monitor'))
  return [...chardevs.map(({ label }) => label), ...monitors.map(({ name }) => name)].sort()
}

/** What openMonitor has left in a directory of its own. */
async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-tmp-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

describe('QEMU 11.1', () => {
  test('a domain beside the daemon that holds the monitor, also over a second connection', async () => {
    await using machine = await start('11')
    await using daemon = await QmpClient.connect(machine.qmpPath)
    const before = await had(machine)
    const streams: Duplex[] = []
    const domain = await Domain.connect({
      qmp: async () => {
        const stream = await openMonitor(daemon)
        streams.push(stream)
        return stream
      },
    })
    expect((await had(machine)).length).toBe(before.length + 2)
    await domain.setVcpuState(5, true)
    expect(await trueIndexes(machine)).toEqual([0, 1, 5])

    // A connection that is lost takes its monitor with it; the next one makes another.
    const connected = domain.states()
    streams[0]?.destroy()
    for await (const { state } of connected) if (state === 'reconnecting') break
    expect(String(await domain.getVcpuMap())).toBe('0-1,5')
    expect(streams).toHaveLength(2)
    await eventually('one monitor of two', async () => (await had(machine)).length === before.length + 2)

    await domain.close()
    await eventually('none is left', async () => String(await had(machine)) === String(before))
    // The daemon's own connection has heard of nothing.
    expect(daemon.state).toBe('ready')
    expect(await daemon.execute('query-status')).toMatchObject({ status: 'prelaunch' })
  })

  test('a directory that is given is left empty, and events come; one that is not there is QEMU’s error', async () => {
    await using machine = await start('11')
    await using daemon = await QmpClient.connect(machine.qmpPath)
    const before = await had(machine)
    const directory = await temporaryDirectory()
    // All that virsh can lend: commands, and no events.
    const lent: QmpExecutor = { execute: (command, args) => daemon.unchecked.execute(command, args) }
    const monitor = await openMonitor(lent, { directory })
    expect(await readdir(directory)).toEqual([])
    await using client = await QmpClient.connect(monitor)
    const events = client.events()
    expect((await client.execute('query-version')).qemu.major).toBe(11)
    await machine.query('system_reset')
    expect(await events.next()).toMatchObject({ value: { event: 'RESET' } })
    await client.close()
    await expect(openMonitor(daemon, { directory: join(directory, 'none') })).rejects.toMatchObject({
      code: 'ERR_COMMAND',
      command: 'chardev-add',
      description: /Failed to bind socket .* No such file or directory/,
    })
    await eventually('none is left', async () => String(await had(machine)) === String(before))
  })

  test('a monitor that cannot be reached is removed again', async () => {
    await using machine = await start('11')
    await using daemon = await QmpClient.connect(machine.qmpPath)
    const before = await had(machine)
    const directory = await temporaryDirectory()
    // As where QEMU sees another file system: what it makes is not found here.
    const elsewhere = {
      execute: async (command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> => {
        if (command !== 'chardev-add') return daemon.unchecked.execute(command, args)
        await mkdir(join(directory, 'there'))
        const moved = JSON.stringify(args).replaceAll(directory, join(directory, 'there'))
        return daemon.unchecked.execute(command, JSON.parse(moved) as Record<string, unknown>)
      },
    }
    await expect(openMonitor(elsewhere, { directory })).rejects.toMatchObject({ code: 'ERR_CONNECT' })
    expect(await had(machine)).toEqual(before)
  })
})

test.each<QemuVersion>(['7.2', '10.0'])('QEMU %s says why it cannot, and has nothing new', async (version) => {
  await using machine = await start(version)
  await using daemon = await QmpClient.connect(machine.qmpPath)
  const before = await had(machine)
  await expect(openMonitor(daemon)).rejects.toMatchObject({
    code: 'ERR_NO_RUNTIME_MONITOR',
    outcome: 'not-sent',
    message: `QEMU ${machine.qemuVersion} cannot make a monitor while it runs: it has no monitor-qmp with close-action, which came with 11.1`,
  })
  expect(await had(machine)).toEqual(before)
})
