// typegen and schema-diff as the command runs them, on a simulated VM and on files.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCommand } from '../../../support/run-command.ts'
import { startVm, type CliVm } from '../cli-vm.ts'
import { documentOf } from '../expect-failure.ts'
import { smallSchema } from './small-schema.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-schema-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function saved(name: string, value: unknown): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, JSON.stringify(value))
  return file
}

/** A VM whose monitor has the small schema. */
function brewingVm(): CliVm {
  const vm = startVm()
  vm.qemu.onCommand('query-qmp-schema', () => smallSchema())
  return vm
}

describe('typegen', () => {
  it('prints the same from a monitor, from what --json has saved, and from a reply', async () => {
    await using vm = brewingVm()
    const fromMonitor = await runCommand(['typegen', ...vm.qmp])
    expect(fromMonitor).toMatchObject({ code: 0, stderr: '' })
    expect(fromMonitor.stdout).toContain(
      "    'query-brew': { arguments: undefined; returns: readonly QueryBrewReturn[] }\n",
    )
    expect(vm.qemu.commands.map(({ command }) => command)).toEqual(['qmp_capabilities', 'query-qmp-schema'])

    const document = documentOf(await runCommand(['typegen', '--json', ...vm.qmp]))
    expect(document).toEqual({ qmp: smallSchema(), qga: null })
    for (const value of [document, smallSchema(), { return: smallSchema() }]) {
      expect(await runCommand(['typegen', await saved('schema.json', value)])).toEqual(fromMonitor)
    }
  })

  it('prints what an agent lists, alone or beside the rest', async () => {
    await using vm = brewingVm()
    const [, , ...qga] = vm.both
    const alone = await runCommand(['typegen', ...qga])
    expect(alone).toMatchObject({ code: 0, stderr: '' })
    expect(alone.stdout).toMatch(/ {4}'guest-get-vcpus': \{ enabled: true; answers: true \}\n/)
    expect(alone.stdout).not.toContain('QmpSchemaCommands')
    const both = await runCommand(['typegen', ...vm.both])
    expect(both.stdout).toContain('QmpSchemaCommands')
    expect(both.stdout).toContain('QgaListedCommands')
    const file = await saved('both.json', documentOf(await runCommand(['typegen', '--json', ...vm.both])))
    expect(await runCommand(['typegen', file])).toEqual(both)
  })

  it("prints QEMU's types all the same where the agent does not answer", async () => {
    await using vm = brewingVm()
    const whole = await runCommand(['typegen', ...vm.qmp])
    const run = await runCommand(['typegen', ...vm.qmp, '--qga', join(folder, 'missing.sock')])
    expect(run).toMatchObject({ code: 3, stdout: whole.stdout })
    expect(run.stderr).toContain('missing.sock')
  })

  it.each([
    ['no JSON at all', 'x', /has no reply to query-qmp-schema/],
    ['another document', { vcpus: [] }, /has no reply to query-qmp-schema/],
    ['a schema that is none', [{ name: 1 }], /has 1 as name, expected a text/],
  ])('refuses a file with %s as wrong usage', async (_, value, words) => {
    const run = await runCommand(['typegen', await saved('wrong.json', value)])
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toMatch(words)
  })

  it.each(['--qmp', '--via', '--qga'])('refuses a file beside %s, and connects nothing', async (option) => {
    await using vm = brewingVm()
    const [, address] = vm.qmp
    const run = await runCommand(['typegen', await saved('beside.json', smallSchema()), option, address])
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toMatch(new RegExp(`beside.json" and ${option} both say where the types come from`))
    expect(vm.qemu.commands).toEqual([])
  })

  it('reads a file also where a variable says where a monitor is', async () => {
    const file = await saved('beside.json', smallSchema())
    const run = await runCommand(['typegen', file], { env: { QEMU_VCPU_QMP: '/run/vm.sock' } })
    expect(run).toEqual(await runCommand(['typegen', file]))
  })

  it('fails where the monitor itself sends what is not a schema', async () => {
    await using vm = startVm()
    vm.qemu.onCommand('query-qmp-schema', () => ({}))
    expect(await runCommand(['typegen', ...vm.qmp])).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('schema-diff', () => {
  it('compares monitors and files, in either place', async () => {
    await using vm = brewingVm()
    const [, address] = vm.qmp
    const without = await saved('without.json', smallSchema({ without: ['brew'] }))
    const added = { code: 0, stdout: 'added   command brew\n', stderr: '' }
    expect(await runCommand(['schema-diff', without, address])).toEqual(added)
    expect(await runCommand(['schema-diff', without, ...vm.qmp])).toEqual(added)
    expect(await runCommand(['schema-diff', address, without])).toEqual({ ...added, stdout: 'removed command brew\n' })
    expect(await runCommand(['schema-diff', address, address])).toEqual({ ...added, stdout: 'no differences\n' })
  })

  it('refuses two operands beside --qmp', async () => {
    const [a, b] = [await saved('a.json', smallSchema()), await saved('b.json', smallSchema())]
    const run = await runCommand(['schema-diff', a, b, '--qmp', '/run/vm.sock'])
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toMatch(/b\.json" and --qmp both say what B is/)
  })

  it('is one list for scripts', async () => {
    const [whole, without] = [
      await saved('a.json', smallSchema()),
      await saved('b.json', smallSchema({ without: ['EMPTY'] })),
    ]
    const run = await runCommand(['schema-diff', whole, without, '--json'])
    expect(run.code).toBe(0)
    expect(documentOf(run)).toEqual({ differences: [{ of: 'event', name: 'EMPTY', at: '', change: 'removed' }] })
    expect(documentOf(await runCommand(['schema-diff', whole, whole, '--json']))).toEqual({ differences: [] })
  })

  it('says of what is not there that it cannot be connected', async () => {
    const whole = await saved('a.json', smallSchema())
    expect(await runCommand(['schema-diff', whole, join(folder, 'missing.sock')])).toMatchObject({
      code: 3,
      stdout: '',
    })
  })

  it('refuses a file that is not a schema as wrong usage', async () => {
    const agent = await saved('agent.json', { return: { version: '1', supported_commands: [] } })
    expect(await runCommand(['schema-diff', agent, agent])).toMatchObject({ code: 2, stdout: '' })
  })
})
