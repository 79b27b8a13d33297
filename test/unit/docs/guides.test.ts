// docs/guides: every module is run over simulated VMs, and prints what the guide shows. Their types are checked by
// test/unit/package/shipped.test.ts; the first section of embed.md is followed by test/real/guide.test.ts.
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { QMPClient, QmpCommandError } from 'node-qemu'
import { expect, test } from 'vitest'
import { inRepository } from '../../../scripts/formatted-page.ts'
import { Domain, type DomainOptions } from '../../../src/index.ts'
import { Refusal, SimulatedVm, type GuestBehaviour } from '../../../src/testing/index.ts'
import { testClock, until } from '../../support/passing-clock.ts'
import { startVmOnSockets } from '../cli/cli-vm.ts'
import { allBlocks, GUIDES, proseOf, readPage, type Block } from './support/blocks.ts'
import { runModule } from './support/run-module.ts'

const blocks = (await allBlocks()).filter(({ page }) => page.startsWith('docs/guides/'))
const isFollowed = ({ page, section }: Block): boolean => page === 'docs/guides/embed.md' && section === 1
const modules = blocks.filter((block) => ['ts', 'js'].includes(block.language) && !isFollowed(block))

/** A module of a guide, and the text that stands behind it: what it prints. */
function moduleOf(directive: string): { readonly code: string; readonly shown: readonly string[] } {
  const at = blocks.findIndex((block) => block.directive === directive)
  const [block, next] = [blocks[at], blocks[at + 1]]
  if (block === undefined) throw new Error(`no guide has ${directive}`)
  return { code: block.text, shown: next?.language === 'text' ? next.text.split('\n') : [] }
}

function machine(guest: GuestBehaviour = {}): SimulatedVm {
  return new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, guest, clock: testClock() })
}

/** The package, with simulated VMs below `/run` by their names. */
function packageWith(vms: Readonly<Record<string, SimulatedVm>>): Readonly<Record<string, object>> {
  const connect = ({ qmp, qga, ...options }: DomainOptions): Promise<Domain> => {
    const dial = (address: DomainOptions['qmp'], which: 'qmp' | 'qga') => {
      const [, name = ''] = /^\/run\/(\w+)\/q(?:mp|ga)\.sock$/.exec(typeof address === 'string' ? address : '') ?? []
      return vms[name]?.[which] ?? `/nonexistent/${name}-${which}.sock`
    }
    return Domain.connect({
      ...options,
      clock: testClock(),
      qmp: typeof qmp === 'object' ? qmp : dial(qmp, 'qmp'),
      ...(qga === undefined ? {} : { qga: dial(qga, 'qga') }),
    })
  }
  return { 'qemu-vcpu': { Domain: { connect } } }
}

test('every module of the guides is run here', () => {
  expect(modules.map(({ directive }) => directive)).toEqual([
    'fleet',
    'follow',
    'counts',
    'node-qemu',
    'qemu-qmp',
    'qemu-vcpu',
    'shared',
    'limits',
    'joined',
    'outcomes',
  ])
})

test.each(GUIDES)('%s: its links lead to files', async (page) => {
  const links = [...proseOf(await readPage(page)).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g)]
  const targets = links.map(([, link = '']) => normalize(join(dirname(page), link)))
  expect(targets.filter((target) => !existsSync(inRepository(target)))).toEqual([])
})

test('README names every guide', async () => {
  const readme = await readPage('README.md')
  expect(GUIDES.filter((page) => !readme.includes(page.replace('docs/guides/', '').replace('.md', '')))).toEqual([])
})

test('embed.md: two hundred VMs by name, of which one is missing', async () => {
  const names = Array.from({ length: 200 }, (_, at) => `vm${at}`).filter((name) => name !== 'vm13')
  const vms = Object.fromEntries(names.map((name) => [name, machine()]))
  expect(await runModule(moduleOf('fleet').code, packageWith(vms))).toEqual({
    failed: ['vm13 ERR_CONNECT'],
    printed: ['199 VMs, 2-7 can be plugged in vm7'],
  })
})

test('embed.md: a reader of changes keeps its own map, over a loss', async () => {
  const vm = machine()
  const printed: string[] = []
  const run = runModule(moduleOf('follow').code, packageWith({ vm1: vm }), printed)
  const seen = (line: string): Promise<void> => until(() => printed.includes(line))
  // What it has read by then is where it begins.
  await testClock().sleep(1_000)
  vm.other.plug(5)
  await seen('plugged: 0-1,5')
  vm.dropMonitor()
  await seen('connected: 0-1,5')
  vm.other.plug(6)
  await seen('plugged: 0-1,5-6')
  expect((await run).failed).toEqual([expect.stringMatching(/^lost: /)])
})

test('unplug-outcomes.md: what to do next, by outcome', async () => {
  const { code, shown } = moduleOf('outcomes')
  const refusing = await runModule(code, packageWith({ vm1: machine({ onUnplug: 'refuse' }) }))
  expect(refusing).toEqual({ failed: [], printed: shown })
  const mute = await runModule(code, packageWith({ vm1: machine({ onUnplug: 'ignore' }) }))
  expect(mute.printed[0]).toBe('vCPU 1: look again later; pending are: 1')
  expect((await runModule(code, packageWith({ vm1: machine() }))).printed[0]).toBe('vCPU 1: it is gone')
})

test('id-translation.md: the joined map', async () => {
  const { code, shown } = moduleOf('joined')
  expect(await runModule(code, packageWith({ vm1: machine() }))).toEqual({ failed: [], printed: shown })
})

test('hostile-guests.md: tighter limits, and a guest beyond them', async () => {
  const { code, shown } = moduleOf('limits')
  const vm = machine()
  expect((await runModule(code, packageWith({ vm1: vm }))).printed[0]).toBe('the guest runs 0-1')
  vm.agent?.onCommand('guest-get-vcpus', () => Array.from({ length: 50_000 }, () => 0))
  expect(await runModule(code, packageWith({ vm1: vm }))).toEqual({ failed: [], printed: shown })
})

test('from-libvirt.md: counts and bytes', async () => {
  const { code, shown } = moduleOf('counts')
  expect(await runModule(code, packageWith({ vm1: machine() }))).toEqual({ failed: [], printed: shown })
})

test('from-node-qemu.md: the three programs print the same, and so does the one that shares a client', async () => {
  const require = createRequire(import.meta.url)
  const QMP: unknown = require('qemu-qmp')
  const instead = { 'node-qemu': { QMPClient, QmpCommandError }, 'qemu-qmp': { QMP } }
  const { code: own, shown } = moduleOf('qemu-vcpu')
  expect(await runModule(own, packageWith({ vm1: machine() }))).toEqual({ failed: [], printed: shown })
  // These have sockets of their own.
  for (const directive of ['node-qemu', 'qemu-qmp', 'shared']) {
    await using vm = await startVmOnSockets()
    const { code } = moduleOf(directive)
    const text = code.replace('import QMP from', 'import { QMP } from').replace('/run/vm1/qmp.sock', vm.qmp[1])
    const printed = directive === 'shared' ? moduleOf('shared').shown : shown
    expect({ directive, ...(await runModule(text, instead)) }).toEqual({ directive, failed: [], printed })
  }
})

test('from-node-qemu.md: a refusal through the shared client is QEMU’s', async () => {
  await using vm = await startVmOnSockets()
  vm.qemu.onCommand('device_add', () => {
    throw new Refusal('no room')
  })
  const text = moduleOf('shared').code.replace('/run/vm1/qmp.sock', vm.qmp[1])
  const rejected = runModule(text, { 'node-qemu': { QMPClient, QmpCommandError } })
  await expect(rejected).rejects.toMatchObject({ code: 'ERR_COMMAND', outcome: 'rejected', description: 'no room' })
})
