import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stagePackage, type Packed } from '../../../scripts/build/stage.ts'
import { inRepository } from '../../../scripts/formatted-page.ts'
import { VERBS } from '../../../src/cli/verbs/index.ts'
import { startVmOnSockets } from '../cli/cli-vm.ts'
import { allBlocks } from '../docs/support/blocks.ts'
import { loadedBy } from './loaded.ts'

// Counted, and not timed: a slow day changes none of it. For compilers on a busy host, a fence against a hang alone:
const FENCE_MS = 900_000

let directory = ''
let packed: Packed = { bytes: 0, files: [] }
beforeAll(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'qemu-vcpu-package-')))
  packed = await stagePackage(directory)
}, FENCE_MS)
afterAll(() => rm(directory, { recursive: true }))

test('what npm packs is small, in few files', () => {
  expect(packed.files.length).toBeLessThanOrEqual(60)
  expect(packed.bytes).toBeLessThanOrEqual(255_000)
  expect(packed.files.filter((path) => path.endsWith('.map'))).toEqual([])
})

/** What stands below `./dist/rooms`. */
const rooms = (...names: string[]): string[] => names.map((name) => `rooms/${name}.js`)
const OF_THE_DOMAIN = rooms('bitmap', 'domain', 'errors', 'qga', 'wire-qmp')

describe('an import loads', () => {
  test.each([
    ['qemu-vcpu', 290_000, ['index.js', ...OF_THE_DOMAIN]],
    ['qemu-vcpu/qmp', 75_000, ['qmp.js', ...rooms('errors', 'wire-qmp')]],
    ['qemu-vcpu/qga', 115_000, ['qga.js', ...rooms('bitmap', 'errors', 'qga', 'wire-qmp')]],
    ['qemu-vcpu/bitmap', 36_000, ['bitmap.js', ...rooms('bitmap', 'errors')]],
    ['qemu-vcpu/testing', 185_000, ['testing.js', ...rooms('bitmap', 'errors', 'testing', 'wire-qmp')]],
  ])('of %s less than %d bytes in these files, and none of what takes Node long', async (entry, most, files) => {
    const loaded = await loadedBy(directory, ['--input-type=module', '--eval', `import '${entry}'`])
    expect(loaded.exitCode).toBe(0)
    expect(loaded.files).toEqual([...files].sort())
    expect(loaded.bytes).toBeLessThan(most)
    const heavy = ['net', 'crypto', 'child_process', 'http', 'worker_threads', 'readline']
    expect(loaded.builtins.filter((name) => heavy.includes(name))).toEqual([])
  })
})

const OF_THE_COMMAND = ['cli.js', ...OF_THE_DOMAIN, ...rooms('command')]
const run = (...argv: readonly string[]) => loadedBy(directory, ['dist/cli.js', ...argv])

describe('the command loads', () => {
  test.each([[['--version']], [['help', 'set']], [['completion', 'bash']]])(
    'for %j no code of a verb',
    async (argv) => {
      const loaded = await run(...argv)
      expect(loaded.exitCode).toBe(0)
      expect(loaded.files).toEqual([...OF_THE_COMMAND].sort())
    },
  )

  const OPERANDS: Readonly<Record<string, readonly string[]>> = {
    set: ['1', 'on'],
    'guest-set': ['1', 'on'],
    scale: ['2'],
    'guest-scale': ['2'],
    'schema-diff': ['/nonexistent/qmp.sock'],
  }
  test.each(VERBS.map(({ name }) => name))('for %s its own code, and that of no other verb', async (name) => {
    const missing = join(directory, 'missing.sock')
    const loaded = await run(name, ...(OPERANDS[name] ?? []), '--qmp', missing, '--qga', missing)
    expect(loaded.files.filter((file) => file.startsWith('on-demand/'))).toEqual([`on-demand/${name}.js`])
    expect(loaded.files.filter((file) => !file.startsWith('on-demand/'))).not.toHaveLength(0)
  })

  test('for a whole map nine files', async () => {
    await using vm = await startVmOnSockets()
    const loaded = await run('map', ...vm.qmp)
    expect(loaded.exitCode).toBe(0)
    expect(loaded.files).toEqual([...OF_THE_COMMAND, ...rooms('verbs'), 'on-demand/map.js'].sort())
    expect(loaded.builtins).not.toContain('child_process')
  })

  test('for a doctor its checks too', async () => {
    await using vm = await startVmOnSockets()
    const loaded = await run('doctor', ...vm.qmp)
    expect(loaded.files).toContain('on-demand/run-checks.js')
  })
})

test('a stack trace names our functions, and files that name the room', async () => {
  const parse = `import { CpuMap } from 'qemu-vcpu/bitmap'
    try { CpuMap.parse('5-3') } catch ({ stack }) { process.stdout.write(stack) }`
  const args = ['--input-type=module', '--eval', parse]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory })
  expect(stdout).toMatch(/at parseCpuList \(.*\/dist\/rooms\/bitmap\.js:\d+:\d+\)/)
  expect(stdout).toMatch(/at CpuMap\.parse \(/)
})

const CONSUMER = `
import { CpuMap, Domain, InputError, type AnyVcpuError, type VcpuMaps } from 'qemu-vcpu'
import { computeSlots, CpuMap as SameMap, InputError as SameError } from 'qemu-vcpu/bitmap'
import { callQmp, isSchemaEvent, QmpClient, type QmpCommands, type QmpEvent } from 'qemu-vcpu/qmp'
import { QgaClient } from 'qemu-vcpu/qga'
import { SimulatedVm } from 'qemu-vcpu/testing'
const map: CpuMap = SameMap.parse('0-1,5')
const error: AnyVcpuError = new SameError('ERR_CPU_ID', 'the same class') satisfies InputError
export const maps = (domain: Domain): Promise<VcpuMaps> => domain.getVcpuMaps()
export type Status = QmpCommands['query-status']
// As typegen declares it: it merges into the one map behind all entry points.
declare module 'qemu-vcpu/qmp' {
  interface QmpSchemaCommands { 'query-brew': { arguments: { readonly cups: number }; returns: { readonly hot: boolean } } }
  interface QmpSchemaEvents { BREWED: { readonly cups: number } }
}
declare module 'qemu-vcpu/qga' {
  interface QgaListedCommands { 'guest-sip': { enabled: true; answers: false } }
}
export const brew = async (client: QmpClient): Promise<boolean> => (await client.execute('query-brew', { cups: 2 })).hot
// @ts-expect-error it requires arguments
export const nothing = (client: QmpClient) => client.execute('query-brew')
export const cups = (event: QmpEvent): number => (isSchemaEvent(event, 'BREWED') ? event.data.cups : 0)
export const sip = (client: QgaClient): Promise<never> => client.execute('guest-sip')
export const all = [map, error, computeSlots, callQmp, QmpClient, QgaClient, SimulatedVm]
`

/** A CommonJS file: what it imports it requires. */
const REQUIRING = `
import { CpuMap, type VcpuMaps } from 'qemu-vcpu'
import bitmap = require('qemu-vcpu/bitmap')
export const map: CpuMap = bitmap.CpuMap.parse('0-1,5')
export const online = (maps: VcpuMaps): CpuMap => maps.online
`

/** Check the types of these files as users of the package do. */
async function compile(files: readonly string[]): Promise<void> {
  const options = ['--strict', '--noEmit', '--target', 'es2022', '--module', 'nodenext', '--types', 'node']
  const roots = ['--typeRoots', inRepository('node_modules/@types')]
  const args = [inRepository('node_modules/typescript/bin/tsc'), ...options, ...roots, ...files]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory })
  expect(stdout).toBe('')
}

test(
  'the TypeScript of the guides compiles against its types',
  async () => {
    const guides = join(directory, 'guides')
    await mkdir(join(guides, 'node_modules'), { recursive: true })
    await symlink(inRepository('node_modules/node-qemu'), join(guides, 'node_modules/node-qemu'))
    const modules = (await allBlocks()).filter(
      ({ page, language }) => page.startsWith('docs/guides/') && language === 'ts',
    )
    const names = modules.map(({ directive = '' }) => /^file: src\/(.*)$/.exec(directive)?.[1] ?? `${directive}.ts`)
    expect(names.length).toBeGreaterThan(8)
    for (const [at, { text }] of modules.entries()) await writeFile(join(guides, names[at] ?? ''), text)
    await compile(names.map((name) => join(guides, name)))
  },
  FENCE_MS,
)

test(
  'its types stand alone, and are the same ones from each entry point',
  async () => {
    const consumer = join(directory, 'consumer.ts')
    await writeFile(consumer, CONSUMER)
    const requiring = join(directory, 'requiring.cts')
    await writeFile(requiring, REQUIRING)
    await compile([consumer, requiring])
  },
  FENCE_MS,
)
