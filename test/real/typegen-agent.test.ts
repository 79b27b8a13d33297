// typegen --qga on a live guest: what a real agent lists, which a compiler then holds against what it answers.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { QgaClient } from '../../src/qga/index.ts'
import { runCommand } from '../support/run-command.ts'
import { boot } from './support/boot.ts'
import { compile } from './typegen/compile.ts'

interface Listed {
  readonly name: string
  readonly enabled: boolean
  readonly 'success-response': boolean
}

test('the types of an agent are what its guest-info lists, alone and beside those of its QEMU', async () => {
  const guest = await boot({ qemuVersion: '11' })
  onTestFinished(() => guest.stop())
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-typegen-'))
  onTestFinished(() => rm(folder, { recursive: true }))

  const alone = await runCommand(['typegen', '--qga', guest.qgaPath])
  expect(alone).toMatchObject({ code: 0, stderr: '' })
  const both = await runCommand(['typegen', '--qmp', guest.qmpPath, '--qga', guest.qgaPath])
  expect(both).toMatchObject({ code: 0, stderr: '' })

  // Asked for without typegen.
  const agent = await QgaClient.connect(guest.qgaPath)
  const info = (await agent.unchecked.execute('guest-info')) as { readonly supported_commands: readonly Listed[] }
  await agent.close()
  const commands = info.supported_commands
  expect(commands.length).toBeGreaterThan(20)
  const lines = commands
    .map(({ name, enabled, 'success-response': answers }) => {
      return `'${name}': { enabled: ${String(enabled)}; answers: ${String(answers)} }`
    })
    .sort()
  for (const { stdout } of [alone, both]) {
    const said = [...stdout.matchAll(/^ {4}('guest-[\w-]+': \{ enabled: .*)$/gm)].map(([, line]) => line)
    expect(said.sort()).toEqual(lines)
  }
  expect(commands.find(({ name }) => name === 'guest-shutdown')).toMatchObject({ 'success-response': false })
  expect(both.stdout).toContain('QmpSchemaCommands')
  expect(alone.stdout).not.toContain('QmpSchemaCommands')

  // What was saved says the same; a file and an agent are one too many.
  const saved = join(folder, 'agent.json')
  await writeFile(saved, (await runCommand(['typegen', '--json', '--qga', guest.qgaPath])).stdout)
  expect(await runCommand(['typegen', saved])).toEqual(alone)
  const twice = await runCommand(['typegen', saved, '--qga', guest.qgaPath])
  expect(twice).toMatchObject({ code: 2, stdout: '' })

  const [first] = commands
  const complaints = await compile(folder, {
    'agent.d.ts': alone.stdout,
    'user.ts': `import type { QgaListedCommands } from 'qemu-vcpu/qga'
export const listed: readonly (keyof QgaListedCommands)[] = ${JSON.stringify(commands.map(({ name }) => name))}
export const enabled: QgaListedCommands['${first?.name ?? ''}']['enabled'] = ${String(first?.enabled)}
export const shutdown: QgaListedCommands['guest-shutdown']['answers'] = false
// @ts-expect-error -- it is not in this agent's list
export const none: keyof QgaListedCommands = 'guest-no-such-command'
`,
  })
  expect(complaints).toEqual([])
})
