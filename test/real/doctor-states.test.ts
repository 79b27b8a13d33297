import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Machine, MachineOptions } from '../../packages/guest-kit/src/index.ts'
import { Domain } from '../../src/index.ts'
import { RUN_STATES } from '../../src/domain/doctor/run-states.ts'
import { start } from './support/boot.ts'
import { findingOf } from './support/diagnosis.ts'
import { eventually } from './support/eventually.ts'
import { addSnapshotDisk, runJob } from './support/snapshots.ts'

/** Brings a machine into a state by what its guest would do, without a guest: writes to an I/O port from outside. */
function writePort(format: 'b' | 'h', port: number, value: number): (machine: Machine) => Promise<unknown> {
  const line = `o /${format} 0x${port.toString(16)} 0x${value.toString(16)}`
  return (machine) => machine.query('human-monitor-command', { 'command-line': line })
}

async function statusOf(machine: Machine): Promise<string> {
  return ((await machine.query('query-status')) as { readonly status: string }).status
}

/** What the firmware sets up first: before that there is no port of the power management. */
async function untilFirmwareRan(machine: Machine): Promise<void> {
  await eventually('the firmware has run', async () => {
    const blocks = await machine.query('human-monitor-command', { 'command-line': 'info mtree' })
    return String(blocks).includes('acpi-cnt') && /0*604-0*605 .*acpi-cnt/.test(String(blocks))
  })
}

const POWER = 0x604
const reset = (machine: Machine) => machine.query('system_reset')
const wakeUp = (machine: Machine) => machine.query('system_wakeup')
const resume = (machine: Machine) => machine.query('cont')
const nothing = () => Promise.resolve()
/** Whatever the firmware reads of its disk fails: storage that nobody has mended yet. */
const BAD_DISK = [
  '-blockdev',
  'driver=blkdebug,node-name=disk,image.driver=null-co,image.size=1048576,inject-error.0.event=none',
  '-device',
  'virtio-blk-pci,drive=disk,rerror=stop,bootindex=1',
]

interface State {
  readonly word: string
  readonly options: Partial<Omit<MachineOptions, 'qemu'>>
  readonly enter: (machine: Machine) => Promise<unknown>
  /** What the advice says to do, where it says so. */
  readonly carryOut: (machine: Machine) => Promise<unknown>
  /** What becomes of it. */
  readonly after: string
}

const STATES: readonly State[] = [
  { word: 'paused', options: {}, enter: (vm) => vm.query('stop'), carryOut: resume, after: 'running' },
  { word: 'prelaunch', options: { paused: true }, enter: nothing, carryOut: nothing, after: 'prelaunch' },
  {
    word: 'inmigrate',
    options: { extraArgs: ['-incoming', 'defer'] },
    enter: nothing,
    carryOut: nothing,
    after: 'inmigrate',
  },
  {
    word: 'postmigrate',
    options: {},
    enter: (vm) => vm.query('migrate', { uri: 'exec:cat >/dev/null' }),
    carryOut: nothing,
    after: 'postmigrate',
  },
  {
    word: 'finish-migrate',
    options: {},
    enter: async (vm) => {
      const capabilities = [{ capability: 'pause-before-switchover', state: true }]
      await vm.query('migrate-set-capabilities', { capabilities })
      await vm.query('migrate', { uri: 'exec:cat >/dev/null' })
    },
    carryOut: (vm) => vm.query('migrate-continue', { state: 'pre-switchover' }),
    after: 'postmigrate',
  },
  {
    word: 'guest-panicked',
    options: { extraArgs: ['-device', 'pvpanic', '-action', 'panic=pause'] },
    enter: writePort('b', 0x505, 1),
    carryOut: reset,
    after: 'prelaunch',
  },
  {
    word: 'watchdog',
    options: { extraArgs: ['-device', 'ib700', '-action', 'watchdog=pause'] },
    enter: writePort('b', 0x443, 0xf),
    carryOut: reset,
    after: 'prelaunch',
  },
  {
    word: 'shutdown',
    options: { extraArgs: ['-no-shutdown'] },
    enter: async (vm) => {
      await untilFirmwareRan(vm)
      await writePort('h', POWER, 0x2000)(vm)
    },
    carryOut: reset,
    after: 'prelaunch',
  },
  {
    word: 'suspended',
    options: {},
    enter: async (vm) => {
      await untilFirmwareRan(vm)
      await writePort('h', POWER, 0x2400)(vm)
    },
    carryOut: wakeUp,
    after: 'running',
  },
  { word: 'io-error', options: { extraArgs: BAD_DISK }, enter: nothing, carryOut: nothing, after: 'io-error' },
]

describe('a machine that does not run', () => {
  test.each(STATES)('$word: what is advised does no harm', async ({ word, options, enter, carryOut, after }) => {
    await using machine = await start('x86_64', { smp: '2,maxcpus=8', qemuVersion: '11', ...options })
    await enter(machine)
    await eventually(`its state is ${word}`, async () => (await statusOf(machine)) === word)
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    expect(await findingOf(domain, 'vm-not-running')).toMatchObject({
      ...RUN_STATES.get(word),
      evidence: `query-status: ${word}`,
    })
    // Looking has changed nothing.
    expect(await statusOf(machine)).toBe(word)
    await carryOut(machine)
    await eventually(`its state is ${after}`, async () => (await statusOf(machine)) === after)
    expect((await domain.doctor()).some(({ code }) => code === 'vm-not-running')).toBe(after !== 'running')
  })
})

test('-preconfig: nothing can be seen yet, and what is advised ends it', async () => {
  await using machine = await start('x86_64', { smp: '2,maxcpus=8', extraArgs: ['-preconfig'] })
  await using domain = await Domain.connect({ qmp: machine.qmpPath })
  const [finding, ...others] = await domain.doctor()
  expect(others).toEqual([])
  expect(finding).toMatchObject({ code: 'vm-not-running', ...RUN_STATES.get('preconfig') })
  await machine.query('x-exit-preconfig')
  expect((await domain.doctor()).map(({ code }) => code)).not.toContain('vm-not-running')
})

test('restore-vm: a snapshot that cannot be loaded leaves the VM there, and a reset ends it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'vcpu-'))
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const disk = join(directory, 'snapshots.qcow2')
  const where = { tag: 'then', vmstate: 'snapshots', devices: ['snapshots'] }
  {
    await using other = await start('x86_64', { smp: '3,maxcpus=8', qemuVersion: '11' })
    await addSnapshotDisk(other, disk)
    expect(await runJob(other, 'snapshot-save', { 'job-id': 'save', ...where })).toBe(undefined)
  }
  await using machine = await start('x86_64', { smp: '2,maxcpus=8', qemuVersion: '11' })
  await machine.query('blockdev-add', {
    driver: 'qcow2',
    file: { driver: 'file', filename: disk },
    'node-name': 'snapshots',
  })
  expect(await runJob(machine, 'snapshot-load', { 'job-id': 'load', ...where })).toContain(
    "Unknown section or instance 'apic' 2",
  )
  await using domain = await Domain.connect({ qmp: machine.qmpPath })
  expect(await findingOf(domain, 'vm-not-running')).toMatchObject({
    ...RUN_STATES.get('restore-vm'),
    evidence: 'query-status: restore-vm',
  })
  await machine.query('system_reset')
  await eventually('it is reset', async () => (await statusOf(machine)) === 'prelaunch')
})

test('debug: a debugger holds the vCPUs, and lets them run again', async () => {
  await using machine = await start('x86_64', { smp: '2,maxcpus=8', qemuVersion: '11' })
  await using domain = await Domain.connect({ qmp: machine.qmpPath })
  const path = `${dirname(machine.qmpPath)}/gdb.sock`
  await machine.query('human-monitor-command', { 'command-line': `gdbserver unix:${path},server=on,wait=off` })
  using gdb = await GdbClient.connect(path)
  gdb.send('s')
  await eventually('its state is debug', async () => (await statusOf(machine)) === 'debug')
  expect(await findingOf(domain, 'vm-not-running')).toMatchObject({
    ...RUN_STATES.get('debug'),
    evidence: 'query-status: debug',
  })
  expect(await statusOf(machine)).toBe('debug')
  gdb.send('c')
  await eventually('it runs', async () => (await statusOf(machine)) === 'running')
  expect((await domain.doctor()).map(({ code }) => code)).not.toContain('vm-not-running')
})

/** As much of a debugger as stops a machine: it sends packets of gdb's remote protocol, and reads no answer. */
class GdbClient implements Disposable {
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
  }

  static async connect(path: string): Promise<GdbClient> {
    const socket = connect(path).resume()
    await once(socket, 'connect')
    return new GdbClient(socket)
  }

  send(packet: string): void {
    const sum = Buffer.from(packet).reduce((total, byte) => total + byte, 0) % 256
    this.#socket.write(`$${packet}#${sum.toString(16).padStart(2, '0')}`)
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }
}
