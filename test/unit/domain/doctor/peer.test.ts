import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Domain, QgaClient } from '../../../../src/index.ts'
import { Refusal, SimulatedQemu, type CommandHandler } from '../../../../src/testing/index.ts'
import type { SocketListener } from '../../../../src/wire/listen.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { vm } from '../../../support/simulated-vm.ts'
import { diagnosis, findingOf, withProperties } from './tell.ts'

const refuse =
  (errorClass: string): CommandHandler =>
  () => {
    throw new Refusal('not here', errorClass)
  }

/** A directory for sockets, gone when the test ends. */
async function socketPath(name: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return join(directory, name)
}

/** Until the test ends. */
async function serve(listening: Promise<SocketListener>): Promise<void> {
  const listener = await listening
  onTestFinished(() => listener.close())
}

describe('a monitor that is not that of a VM', () => {
  test('as of qemu-storage-daemon, which has none of the commands', async () => {
    const { qemu, domain } = await vm()
    for (const command of ['query-status', 'query-cpus-fast', 'query-hotpluggable-cpus', 'query-kvm']) {
      qemu.onCommand(command, refuse('CommandNotFound'))
    }
    expect(await diagnosis(domain)).toEqual(['blocks not-a-vm'])
  })

  test('as of -machine none, which has no vCPU', async () => {
    const { qemu, domain } = await vm({ kind: 'no-hotplug', maxcpus: 2 })
    qemu.onCommand('query-cpus-fast', () => [])
    withProperties(qemu, { type: 'none-machine' })
    expect(await diagnosis(domain)).toEqual(['blocks not-a-vm'])
    expect((await findingOf(domain, 'not-a-vm')).evidence).toContain('none-machine')
  })

  test('but of a QEMU that is too old to tell of its vCPUs', async () => {
    const { qemu, domain } = await vm({ version: '2.11.2' })
    qemu.onCommand('query-cpus-fast', refuse('CommandNotFound'))
    expect(await diagnosis(domain)).toEqual(['blocks qemu-too-old'])
    expect((await findingOf(domain, 'qemu-too-old')).evidence).toContain('2.11.2')
  })
})

describe('a QEMU in -preconfig', () => {
  test('is told from one that was only not started', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('query-status', () => ({ running: false, status: 'prelaunch' }))
    const restore = qemu.onCommand('query-cpus-fast', refuse('GenericError'))
    expect(await diagnosis(domain)).toEqual(['blocks vm-not-running'])
    expect((await findingOf(domain, 'vm-not-running')).advice).toContain('x-exit-preconfig')
    restore()
    expect((await findingOf(domain, 'vm-not-running')).advice).not.toContain('x-exit-preconfig')
  })

  test('is not concluded from a refusal while the VM runs', async () => {
    const { qemu, domain } = await vm({}, {}, { qga: undefined })
    qemu.onCommand('query-cpus-fast', refuse('GenericError'))
    expect(await diagnosis(domain)).toEqual(['warns not-found-out', 'notes agent-not-given'])
  })
})

describe('sockets that were mixed up', () => {
  test('a monitor given as the agent’s channel', async () => {
    const { domain } = await vm({}, {}, { qga: () => new SimulatedQemu({ kind: 'x86' }).connect() })
    expect(await diagnosis(domain)).toEqual(['warns agent-is-monitor'])
    expect((await findingOf(domain, 'agent-is-monitor')).evidence).toContain('is a QEMU monitor')
    await expect(domain.getVcpuMap('agent-online')).rejects.toMatchObject({ code: 'ERR_NOT_AGENT' })
  })

  test('a client of the agent says so at once, whatever form the greeting has', async () => {
    await expect(
      QgaClient.connect(new SimulatedQemu({ kind: 'x86' }).connect(), { timeoutMs: 60_000 }),
    ).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'ERR_NOT_AGENT',
    })
  })
})

test('a monitor that hangs after it was connected: its process is looked at', async () => {
  const path = await socketPath('qmp.sock')
  const clock = new ManualClock()
  await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 2, maxcpus: 8 })
  await serve(qemu.listen(path))
  await using domain = await Domain.connect({ qmp: `unix:${path}`, clock })
  const asked = new Promise<void>((resolve) => {
    qemu.onCommand('query-cpus-fast', () => {
      resolve()
      return new Promise(() => undefined)
    })
  })
  const examining = domain.doctor({ timeoutMs: 5_000 })
  await asked
  // The last second is kept for the look, which takes real time.
  await clock.advance(4_000)
  const [finding, ...others] = await examining
  expect(others).toEqual([])
  expect(finding).toMatchObject({ code: 'monitor-hangs', severity: 'blocks' })
  expect(finding?.evidence).toMatch(new RegExp(`; process ${process.pid} \\(.*\\): running$`))
})
