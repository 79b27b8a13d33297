import { spawn } from 'node:child_process'
import {
  subscribe,
  tracingChannel,
  unsubscribe,
  type ChannelListener,
  type TracingChannelSubscribers,
} from 'node:diagnostics_channel'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { Duplex } from 'node:stream'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { Domain, type DomainOptions } from '../../../src/index.ts'
import { QgaClient } from '../../../src/qga/index.ts'
import { QmpClient } from '../../../src/qmp/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm, startVmOnSockets, type CliVm } from '../cli/cli-vm.ts'
import { allBlocks, type Block } from './support/blocks.ts'
import { runModule } from './support/run-module.ts'

// Those of the guides are run by guides.test.ts.
const blocks = (await allBlocks()).filter(({ page, language }) => language === 'js' && !page.includes('/guides/'))

/** The one module of a page, or the one with that comment before it. */
function moduleOf(page: string, directive?: string): Block {
  const [block, ...others] = blocks.filter((each) => each.page === page && each.directive === directive)
  if (block === undefined || others.length > 0) throw new Error(`${page} has not one such module`)
  return block
}

/** The package, with VMs in memory at the addresses of a page. */
function packageWith(vms: Readonly<Record<string, CliVm>>): Readonly<Record<string, object>> {
  const vmAt = (address: unknown): CliVm => {
    const vm = vms[String(address)]
    if (vm === undefined) throw new Error(`no VM at ${String(address)}`)
    return vm
  }
  const connect = ({ qmp, qga, ...options }: DomainOptions): Promise<Domain> =>
    Domain.connect({
      ...options,
      clock: testClock(),
      qmp: () => vmAt(qmp).qemu.connect(),
      ...(qga === undefined ? {} : { qga: () => vmAt(qga).agent.connect() }),
    })
  return { 'qemu-vcpu': { Domain: { connect } } }
}

test('every module of the pages is run here', () => {
  expect(blocks.map(({ page, directive }) => [page, directive])).toEqual([
    ['README.md', undefined],
    ['docs/libvirt-and-proxmox.md', 'relay'],
    ['docs/libvirt-and-proxmox.md', 'virsh'],
    ['docs/migration.md', undefined],
    ['docs/telemetry.md', undefined],
    ['docs/testing.md', 'node:test'],
    ['docs/testing.md', 'vitest'],
  ])
})

test('README’s module plugs a vCPU and says which CPU of the guest each is', async () => {
  await using vm = startVm()
  const { text } = moduleOf('README.md')
  const vms = { '/tmp/vm1-qmp.sock': vm, '/tmp/vm1-qga.sock': vm }
  expect(await runModule(text, packageWith(vms))).toEqual({
    failed: [],
    printed: [
      'plugged vCPU 7, CPU 2 of the guest',
      'vCPU 0: host thread 4000, CPU of the guest: 0',
      'vCPU 1: host thread 4001, CPU of the guest: 1',
      'vCPU 7: host thread 4002, CPU of the guest: 2',
    ],
  })
  vm.qemu.guest.onPlug = 'refuse'
  expect((await runModule(text, packageWith(vms))).failed).toEqual([
    expect.stringMatching(/^ERR_GUEST_REJECTED partial vCPU 6: /),
  ])
})

test('the module of docs/migration.md plugs in the target what the source has', async () => {
  await using source = startVm()
  await using target = startVm()
  await runCommand(['set', '5', 'on', ...source.qmp])
  const vms = { '/run/vm1/qmp.sock': source, '/run/vm1-target/qmp.sock': target }
  expect(await runModule(moduleOf('docs/migration.md').text, packageWith(vms))).toEqual({
    failed: [],
    printed: ['plugged 5; both have 0-1,5'],
  })
  expect(target.qemu.pluggedVcpus).toEqual([0, 1, 5])
})

test('the module of docs/telemetry.md prints what the page shows', async () => {
  await using vm = startVm()
  const stops: (() => void)[] = []
  const channels = {
    subscribe: (name: string, onMessage: ChannelListener) => {
      subscribe(name, onMessage)
      stops.push(() => unsubscribe(name, onMessage))
    },
    tracingChannel: (name: string) => ({
      subscribe: (subscribers: TracingChannelSubscribers<object>) => {
        tracingChannel(name).subscribe(subscribers)
        stops.push(() => {
          tracingChannel(name).unsubscribe(subscribers)
        })
      },
    }),
  }
  onTestFinished(() => {
    for (const stop of stops) stop()
  })
  const instead = { ...packageWith({ '/run/vm1/qmp.sock': vm }), 'node:diagnostics_channel': channels }
  const { printed, failed } = await runModule(moduleOf('docs/telemetry.md').text, instead)
  const shown = (await allBlocks()).find(({ page, language }) => page === 'docs/telemetry.md' && language === 'text')
  expect({ printed: printed.map((line) => line.trimEnd()), failed }).toEqual({
    printed: shown?.text.split('\n'),
    failed: [],
  })
  expect(stops).toHaveLength(2)
})

test('the executor over virsh reads both sides, and QEMU’s refusals are its own', async () => {
  await using vm = startVm()
  const clock = testClock()
  await using monitor = await QmpClient.connect(vm.qemu.connect(), { clock })
  await using agent = await QgaClient.connect(vm.agent.connect(), { clock })
  const asked: string[] = []
  const answer = async (verb: string, request: string): Promise<string> => {
    const { execute, arguments: args } = commandIn(request)
    asked.push(`${verb} ${execute}`)
    const peer = verb === 'qemu-monitor-command' ? monitor : agent
    return JSON.stringify({ return: await peer.execute(execute, args), id: 'libvirt-7' })
  }
  const execFile = Object.assign(() => undefined, {
    [promisify.custom]: async (program: string, [verb = '', name = '', request = '']: readonly string[]) => {
      expect([program, name]).toEqual(['virsh', 'vm1'])
      return { stdout: await answer(verb, request) }
    },
  })
  const instead = {
    'node:child_process': { execFile },
    'node:util': { promisify },
    'qemu-vcpu': { Domain: { connect: (options: DomainOptions) => Domain.connect({ ...options, clock }) } },
  }
  const { text } = moduleOf('docs/libvirt-and-proxmox.md', 'virsh')
  expect(await runModule(text, instead)).toEqual({
    failed: [],
    printed: ['can be plugged: 2-7', 'the guest runs: 0-1'],
  })
  expect(asked).toContain('qemu-monitor-command query-hotpluggable-cpus')
  expect(asked).toContain('qemu-agent-command guest-get-vcpus')
})

/** A command as the executor writes it. */
function commandIn(request: string): { readonly execute: string; readonly arguments?: Record<string, unknown> } {
  const isCommand = (value: unknown): value is ReturnType<typeof commandIn> =>
    typeof value === 'object' && value !== null && 'execute' in value && typeof value.execute === 'string'
  const value: unknown = JSON.parse(request)
  if (isCommand(value)) return value
  throw new Error(`not a command: ${request}`)
}

/** A `virsh` that passes each command to a monitor, as libvirt's does. */
function scriptedVirsh(monitor: string): string {
  return `#!${process.execPath}
const [verb, name, request] = process.argv.slice(2)
if (verb !== 'qemu-monitor-command' || name !== 'vm1') process.exit(1)
const socket = require('net').connect(${JSON.stringify(monitor)})
const lines = require('readline').createInterface({ input: socket })
const { execute, arguments: args } = JSON.parse(request)
let seen = 0
lines.on('line', (line) => {
  if ('event' in JSON.parse(line)) return
  seen += 1
  if (seen === 1) socket.write('{"execute":"qmp_capabilities"}\\n')
  if (seen === 2) socket.write(JSON.stringify({ execute, arguments: args, id: 'libvirt-7' }) + '\\n')
  if (seen === 3) {
    console.log(line)
    socket.end()
  }
})
`
}

test('the relay over virsh is a monitor that can be read', async () => {
  await using vm = await startVmOnSockets()
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-relay-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'virsh-relay.mjs'), moduleOf('docs/libvirt-and-proxmox.md', 'relay').text)
  await writeFile(join(folder, 'virsh'), scriptedVirsh(vm.qmp[1]))
  await chmod(join(folder, 'virsh'), 0o755)
  const relay = spawn(process.execPath, [join(folder, 'virsh-relay.mjs'), 'vm1'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` },
  })
  const ended = once(relay, 'exit')
  const monitor = Duplex.from({ readable: relay.stdout, writable: relay.stdin })
  const domain = await Domain.connect({ qmp: monitor, timeoutMs: 60_000 })
  expect(String(await domain.getVcpuMap('onlinable', { timeoutMs: 60_000 }))).toBe('2-7')
  await expect(domain.setVcpuState(5, true, { timeoutMs: 60_000 })).rejects.toMatchObject({
    code: 'ERR_COMMAND',
    outcome: 'rejected',
    description: 'reads only: change vCPUs with virsh setvcpu',
  })
  expect(vm.qemu.pluggedVcpus).toEqual([0, 1])
  await domain.close()
  expect(await ended).toEqual([0, null])
})
