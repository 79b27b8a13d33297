// Whatever QEMU, the guest, a file or the command line holds: nothing of it steers the terminal or forges a line, in any verb,
// with --json or without, where it succeeds and where it fails.
import ts from 'typescript'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { INK_CODE } from '../../src/cli/render/style.ts'
import type { CliIo } from '../../src/cli/io.ts'
import { FOREIGN_DEVICE, hostilePeers } from '../support/hostile-peers.ts'
import { expectPrintable, HOSTILE } from '../support/hostile-text.ts'
import { testClock } from '../support/passing-clock.ts'
import { runCommand, type CliRun } from '../support/run-command.ts'
import { startVm } from '../unit/cli/cli-vm.ts'

const verbs = [
  'map',
  'list',
  'set 2 on',
  'set 2 on --guest',
  'set 1 off',
  'set 1 off --guest --rollback',
  'set 2-4,^3 on',
  'guest-set 1 off',
  'guest-set 0-1 off',
  'scale 4',
  'scale 4 --guest --rollback',
  'scale 4 --policy spread-sockets',
  'scale 4 --dry-run',
  'guest-scale 1',
  'doctor',
  'export',
]

/** Without a terminal, and on one with and without colours. */
const screens: readonly Partial<CliIo>[] = [
  {},
  { isTerminal: true, stderrIsTerminal: true, columns: 100, rows: 40 },
  { isTerminal: true, columns: 40, env: { NO_COLOR: '1' } },
]

/** What the command itself writes to a terminal: inks, and the one line that it writes over. */
function withoutOwn(text: string): string {
  const own = [
    '\u001b[?1049h\u001b[?25l',
    '\u001b[?25h\u001b[?1049l',
    '\u001b[?25l',
    '\u001b[H',
    '\u001b[K',
    '\u001b[J',
    '\r',
  ]
  const plain = text.replace(new RegExp(INK_CODE, 'g'), '')
  return own.reduce((rest, code) => rest.replaceAll(code, ''), plain)
}

function expectClean({ stdout, stderr }: CliRun, isTerminal: boolean): void {
  for (const text of [stdout, stderr]) {
    const own = isTerminal ? withoutOwn(text) : text
    expectPrintable(own, Infinity)
    expect(text).not.toContain('\u001b[32mspoof')
    expect(own.split('\n').filter((line) => line.startsWith('forged'))).toEqual([])
  }
}

async function expectCleanIn(argv: readonly string[], io: Partial<CliIo> = {}): Promise<void> {
  for (const screen of screens) {
    expectClean(await runCommand(argv, { ...screen, ...io }), screen.isTerminal === true)
  }
  const json = await runCommand([...argv, '--json'], io)
  expectClean(json, false)
  // One line is one document.
  for (const line of json.stdout.split('\n').filter((each) => each !== '')) JSON.parse(line)
}

describe.each(Object.entries(hostilePeers))('a peer with %s', (_, poison) => {
  test.each(verbs)('%s', async (verb) => {
    await using vm = startVm()
    poison(vm)
    await expectCleanIn([...verb.split(' '), '--timeout', '2000', ...vm.both])
  })

  test('watch', async () => {
    for (const [flags, screen] of [
      [[], {}],
      [['--json'], {}],
      [[], screens[1] ?? {}],
    ] as const) {
      await using vm = startVm()
      poison(vm)
      const over = new AbortController()
      const run = runCommand(['watch', ...flags, ...vm.both], { ...screen, signal: over.signal })
      for (let second = 0; second < 4; second++) {
        await testClock().sleep(1_000)
        vm.qemu.emit('ACPI_DEVICE_OST', {
          info: { slot: '1', 'slot-type': 'CPU', source: 3, status: 1, device: HOSTILE },
        })
        vm.qemu.emit('DEVICE_DELETED', { device: HOSTILE, path: FOREIGN_DEVICE })
        vm.qemu.emit(HOSTILE, { [HOSTILE]: HOSTILE })
        vm.qemu.emit('VSERPORT_CHANGE', { id: HOSTILE, open: second % 2 === 0 })
      }
      over.abort()
      expectClean(await run, 'isTerminal' in screen)
    }
  })
})

test('a schema and an agent whose every name is hostile: the types are TypeScript all the same', async () => {
  await using vm = startVm()
  const features = [`*/ ${HOSTILE}`, 'deprecated']
  const thing = { name: HOSTILE, features }
  vm.qemu.onCommand('query-qmp-schema', () => [
    { ...thing, 'meta-type': 'command', 'arg-type': 'o', 'ret-type': '[o]' },
    { ...thing, 'meta-type': 'event', 'arg-type': 'o' },
    { name: 'o', 'meta-type': 'object', members: [{ ...thing, type: 'e', default: HOSTILE }], features },
    { name: 'e', 'meta-type': 'enum', values: [HOSTILE], members: [thing] },
    { name: '[o]', 'meta-type': 'array', 'element-type': 'o' },
  ])
  vm.agent.onCommand('guest-info', () => ({
    version: HOSTILE,
    supported_commands: [{ name: HOSTILE, enabled: false, 'success-response': false }],
  }))
  await expectCleanIn(['typegen', ...vm.both])
  const { stdout } = await runCommand(['typegen', ...vm.both])
  const { diagnostics } = ts.transpileModule(stdout, { reportDiagnostics: true })
  expect(diagnostics?.map(({ messageText }) => messageText)).toEqual([])

  await using other = startVm()
  other.qemu.onCommand('query-qmp-schema', () => [])
  const [addresses, lines] = [
    [vm.qmp[1], other.qmp[1]],
    [[...vm.qmp], [...other.qmp]],
  ] as const
  await expectCleanIn(['schema-diff', addresses[0], ...lines[1]])
  await expectCleanIn(['schema-diff', addresses[1], ...lines[0]])
})

test('a plugged device with a hostile id, and an unplug of it', async () => {
  await using vm = startVm()
  hostilePeers['hostile types, paths and properties']?.(vm)
  vm.qemu.onCommand('device_del', () => ({}))
  const run = await runCommand(['set', '1', 'off', '--timeout', '500', ...vm.qmp])
  expect(run.code).toBe(1)
  expectClean(run, false)
  const list = await runCommand(['list', '--json', ...vm.qmp])
  // What a program parses is the text that QEMU gave.
  const { vcpus } = JSON.parse(list.stdout) as { vcpus: { qomPath: string; deviceId: string }[] }
  expect(vcpus[1]).toMatchObject({ qomPath: FOREIGN_DEVICE, deviceId: HOSTILE })
  const exported = await runCommand(['export', ...vm.qmp])
  expectClean(exported, false)
  expect(exported.stdout).toContain("$'")
})

describe('hostile text on the command line', () => {
  const path = `/nonexistent/${HOSTILE}`
  const lines: readonly (readonly string[])[] = [
    [HOSTILE],
    ['help', HOSTILE],
    ['completion', HOSTILE],
    ['map', `--${HOSTILE}`],
    ['map', HOSTILE, '--qmp', path],
    ['map', '--qmp', path],
    ['map', '--qmp', `unix:${path}`],
    ['map', '--qmp', `${HOSTILE}:4444`],
    ['map', '--qmp', `tcp:${HOSTILE}:1`],
    ['map', '--qmp', path, '--qga', path],
    ['map', '--qmp', path, '--timeout', HOSTILE],
    ['set', HOSTILE, 'on', '--qmp', path],
    ['set', `1,${HOSTILE}`, 'on', '--qmp', path],
    ['set', '1', HOSTILE, '--qmp', path],
    ['set', '1', 'on', '--guest', '--confidence', HOSTILE, '--qmp', path, '--qga', '/nonexistent/a'],
    ['scale', HOSTILE, '--qmp', path],
    ['scale', '4', '--policy', HOSTILE, '--qmp', path],
    ['guest-set', HOSTILE, 'on', '--qga', path],
    ['guest-set', '1', 'on', '--qga', path],
    ['doctor', '--qmp', path],
    ['typegen', '--qmp', path],
    ['typegen', HOSTILE],
    ['schema-diff', HOSTILE, path],
    ['export', '--apply', HOSTILE, '--qmp', path],
  ]

  test.each(lines.map((line) => [JSON.stringify(line.map((word) => word.replaceAll(HOSTILE, '#'))), line]))(
    '%s',
    async (_, line) => {
      await expectCleanIn(line, { clock: testClock() })
    },
  )

  test('in the environment', async () => {
    await expectCleanIn(['list'], { env: { QEMU_VCPU_QMP: path, QEMU_VCPU_QGA: HOSTILE } })
  })
})

test('a layout that is hostile', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await using vm = startVm()
  const documents: readonly unknown[] = [
    HOSTILE,
    { smp: { [HOSTILE]: HOSTILE }, devices: [], online: '0' },
    { smp: {}, devices: [{ ids: HOSTILE, driver: 'x', id: null, props: {} }], online: HOSTILE },
    { smp: {}, devices: [{ ids: '2', driver: HOSTILE, id: HOSTILE, props: {} }], online: '0-2' },
    { smp: {}, devices: [{ ids: '2', driver: HOSTILE, id: null, props: { [HOSTILE]: HOSTILE } }], online: '0-2' },
  ]
  for (const [at, document] of documents.entries()) {
    const file = join(folder, `${String(at)}.json`)
    await writeFile(file, at === 0 ? HOSTILE : JSON.stringify(document))
    await expectCleanIn(['export', '--apply', file, ...vm.qmp])
  }
})
