// Types that are generated from real QEMUs: a compiler accepts what these QEMUs answer, and refuses anything else.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  KitError,
  resolveQemu,
  startMachine,
  type Machine,
  type QemuVersion,
} from '../../packages/guest-kit/src/index.ts'
import { runCommand } from '../support/run-command.ts'
import { compile } from './typegen/compile.ts'
import { acceptedModule, refusedModule, type Reply } from './typegen/literals.ts'
import { RawSchema } from './typegen/raw-schema.ts'
import { USER_CODE } from './typegen/user-code.ts'

const VERSIONS: readonly QemuVersion[] = ['7.2', '10.0', '11']

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-typegen-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** What a machine without a guest answers to the queries; those that it refuses are left out. */
async function repliesOf(machine: Machine, schema: RawSchema): Promise<readonly Reply[]> {
  const replies: Reply[] = []
  for (const command of schema.queries()) {
    try {
      replies.push({ command, value: await machine.query(command) })
    } catch (error) {
      if (!(error instanceof KitError)) throw error
    }
  }
  return replies
}

const savedOf = (version: QemuVersion): string => join(folder, `${version}.json`)

describe.each(VERSIONS)('QEMU %s', (version) => {
  test('its types accept what it answers, and nothing of another type', async () => {
    const qemu = await resolveQemu(version, 'x86_64')
    await using machine = await startMachine({ qemu, machine: 'q35', smp: '2,maxcpus=4', paused: true })
    const generated = await runCommand(['typegen', '--qmp', machine.qmpPath])
    expect(generated).toMatchObject({ code: 0, stderr: '' })
    const saved = await runCommand(['typegen', '--json', '--qmp', machine.qmpPath])
    await writeFile(savedOf(version), saved.stdout)
    expect(await runCommand(['typegen', savedOf(version)])).toEqual(generated)

    const schema = new RawSchema(await machine.query('query-qmp-schema'))
    const replies = await repliesOf(machine, schema)
    const refused = refusedModule(replies, (command, member) => schema.isAny(command, member))
    expect(replies.length).toBeGreaterThan(50)
    expect(refused.count).toBeGreaterThan(130)
    const complaints = await compile(join(folder, version), {
      'qmp.d.ts': generated.stdout,
      'accepted.ts': acceptedModule(replies),
      'refused.ts': refused.text,
      'user-code.ts': USER_CODE,
    })
    expect(complaints).toEqual([])
  })

  test('its types name each command and event once', async () => {
    const { stdout } = await runCommand(['typegen', savedOf(version)])
    const { stdout: saved } = await runCommand(['typegen', '--json', savedOf(version)])
    const { qmp } = JSON.parse(saved) as { readonly qmp: unknown }
    const names = new RawSchema(qmp).entities
      .filter(({ 'meta-type': kind }) => kind === 'command' || kind === 'event')
      .map(({ name }) => name)
    const members = [...stdout.matchAll(/^ {4}'?([\w-]+)'?: /gm)].map(([, name]) => name)
    expect(members.sort()).toEqual(names.sort())
    const types = [...stdout.matchAll(/^export (?:interface|type) (\w+)/gm)].map(([, name]) => name)
    expect(new Set(types).size).toBe(types.length)
  })
})

test('schema-diff says what a later QEMU has that an earlier one has not', async () => {
  const lines = async (before: QemuVersion, after: QemuVersion): Promise<readonly string[]> => {
    const run = await runCommand(['schema-diff', savedOf(before), savedOf(after)])
    expect(run).toMatchObject({ code: 0, stderr: '' })
    return run.stdout.trimEnd().split('\n')
  }
  expect(await lines('10.0', '11')).toEqual(
    expect.arrayContaining([
      'added   command query-accelerators',
      'changed command query-kvm: is deprecated now',
      'changed command query-cpus-fast: returns[].qom-type: added, required (string)',
    ]),
  )
  expect(await lines('11', '10.0')).toContain('removed command query-accelerators')
  expect(await lines('7.2', '10.0')).toContain(
    'changed command query-block-jobs: returns[]: object became union by type',
  )
  for (const version of VERSIONS) expect(await lines(version, version)).toEqual(['no differences'])
})
