import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ensureUnpacked } from '../../packages/guest-kit/src/unpack.ts'
import { connectionFinding, Domain } from '../../src/index.ts'
import { runCommand } from '../support/run-command.ts'
import { start } from './support/boot.ts'
import { BUDGET, diagnosis, findingOf } from './support/diagnosis.ts'
import { eventually } from './support/eventually.ts'
import { stopProcess } from './support/stop-process.ts'

/** A directory for sockets, gone when the test ends. */
async function socketDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  return directory
}

async function failureOf(promise: Promise<Domain>): Promise<unknown> {
  return promise.then(
    async (domain) => domain.close(),
    (reason: unknown) => reason,
  )
}

describe('a monitor in another form', () => {
  test.each(['7.2', '11'] as const)('on %s: over several lines, and by telnet', async (qemuVersion) => {
    const directory = await socketDirectory()
    const pretty = join(directory, 'pretty.sock')
    const telnet = join(directory, 'telnet.sock')
    await using machine = await start('x86_64', {
      smp: '2,maxcpus=8',
      qemuVersion,
      extraArgs: [
        ...[
          '-chardev',
          `socket,id=pretty,path=${pretty},server=on,wait=off`,
          '-mon',
          'chardev=pretty,mode=control,pretty=on',
        ],
        ...[
          '-chardev',
          `socket,id=telnet,path=${telnet},server=on,wait=off,telnet=on`,
          '-mon',
          'chardev=telnet,mode=control',
        ],
      ],
    })
    for (const [at, qmp] of [pretty, telnet].entries()) {
      await using domain = await Domain.connect({ qmp })
      const id = 5 + at
      expect(String((await domain.setVcpuState(id, true)).changed)).toBe(String(id))
      expect((await domain.getVcpuMap()).has(id)).toBe(true)
    }
    await machine.stop()
  })
})

describe('sockets that were mixed up', () => {
  test('the agent’s port as the monitor, and the monitor as the agent’s port', async () => {
    const qga = join(await socketDirectory(), 'qga.sock')
    await using machine = await start('x86_64', {
      extraArgs: [
        ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=ga,path=${qga},server=on,wait=off`],
        ...['-device', 'virtserialport,chardev=ga,name=org.qemu.guest_agent.0'],
      ],
    })
    const error = await failureOf(Domain.connect({ qmp: qga }))
    expect(error).toMatchObject({
      code: 'ERR_NOT_QMP',
      message: expect.stringContaining('org.qemu.guest_agent.0') as string,
    })
    expect(connectionFinding(error)?.code).toBe('not-a-monitor')
    await using domain = await Domain.connect({ qmp: machine.qmpPath, qga: machine.controlPath, lazyAgent: true })
    expect(await diagnosis(domain)).toContain('warns agent-is-monitor')
  })
})

describe('a monitor that does not answer', () => {
  test('a monitor that somebody else holds is explained', async () => {
    await using machine = await start('x86_64')
    await using holder = await Domain.connect({ qmp: machine.qmpPath })
    const error = await failureOf(Domain.connect({ qmp: machine.qmpPath }))
    expect(connectionFinding(error)).toMatchObject({
      code: 'monitor-busy',
      evidence: expect.stringContaining('another client is connected') as string,
    })
    const run = await runCommand(['doctor', '--timeout', '5000', '--qmp', machine.qmpPath])
    expect(run.code).toBe(3)
    expect(run.stdout).toContain('(monitor-busy)')
    await holder.getVcpuMap()
  })

  test('since QEMU is stopped: told from one that is held, before and after it was connected', async () => {
    await using machine = await start('x86_64', { smp: '2,maxcpus=8' })
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    await stopProcess(machine.pid)
    const error = await failureOf(Domain.connect({ qmp: machine.controlPath }))
    expect(error).toMatchObject({
      code: 'ERR_PROCESS_STOPPED',
      message: expect.stringContaining(`process ${machine.pid} (`) as string,
    })
    expect(connectionFinding(error)).toMatchObject({ code: 'process-stopped', severity: 'blocks' })
    const findings = await domain.doctor({ timeoutMs: 5_000 })
    expect(findings.map(({ code }) => code)).toEqual(['process-stopped'])
    expect(findings[0]?.evidence).toContain(`process ${machine.pid} (`)
    // As advised.
    process.kill(machine.pid, 'SIGCONT')
    await eventually('QEMU answers again', async () => (await diagnosis(domain)).includes(BUDGET))
    await using other = await Domain.connect({ qmp: machine.controlPath })
    expect(String(await other.getVcpuMap())).toBe('0-1')
  })
})

describe('a monitor that is not that of a VM', () => {
  test('-machine none', async () => {
    await using machine = await start('x86_64', { machine: 'none' })
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    expect(await diagnosis(domain)).toEqual(['blocks not-a-vm'])
    expect((await findingOf(domain, 'not-a-vm')).evidence).toContain('none-machine')
  })

  test('qemu-storage-daemon', async () => {
    const path = join(await socketDirectory(), 'qsd.sock')
    const { root } = await ensureUnpacked(
      {
        suite: 'trixie',
        architecture: 'amd64',
        packages: ['qemu-utils'],
        take: 'closure',
        label: 'qemu-storage-daemon',
      },
      console.error,
    )
    const libraries = ['lib', 'usr/lib'].map((directory) => join(root, directory, 'x86_64-linux-gnu')).join(':')
    const daemon = spawn(
      join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
      [
        ...['--library-path', libraries, join(root, 'usr/bin/qemu-storage-daemon')],
        ...['--chardev', `socket,id=monitor,path=${path},server=on,wait=off`, '--monitor', 'chardev=monitor'],
      ],
      { stdio: 'ignore' },
    )
    onTestFinished(() => void daemon.kill('SIGKILL'))
    await eventually('it listens', async () => {
      const error = await failureOf(Domain.connect({ qmp: path }))
      return error === undefined
    })
    await using domain = await Domain.connect({ qmp: path })
    expect(await diagnosis(domain)).toEqual(['blocks not-a-vm'])
  })
})
