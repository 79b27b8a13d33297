// README from a bare clone to a vCPU that was plugged, run by the guest and unplugged: each command is the one that stands in
// README, run by a shell; readme-steps/replacements.ts has all in which it differs.
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { ensureGuestImage, everydayQemu } from '../../packages/guest-kit/src/index.ts'
import { VERBS } from '../../src/cli/verbs/index.ts'
import { QmpClient } from '../../src/qmp/index.ts'
import { comparable } from '../unit/docs/support/console.ts'
import { commandsUnder } from './readme-steps/commands.ts'
import { replaced, unusedReplacements } from './readme-steps/replacements.ts'
import { ReaderShell } from './readme-steps/shell.ts'
import { provideQemu, runQemu } from './readme-steps/terminal-of-qemu.ts'
import { bareClone, npmWithin } from './support/bare-clone.ts'

const HEADINGS = ['Install', 'From launch to a vCPU that the guest runs']

test('README’s steps, by a script that does what they say', async () => {
  const beganMs = performance.now()
  const { folder, clone, env } = await sitDown()
  await using shell = new ReaderShell(clone, env)
  const commands = commandsUnder(HEADINGS, await readFile(join(clone, 'README.md'), 'utf8'))
  expect(unusedReplacements(commands.map(({ line }) => line))).toEqual([])
  const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' })
  const hasMan = (await shell.run('command -v man')).status === 0

  const qmp = join(folder, 'vm1-qmp.sock')
  const outputs = new Map<string, string>()
  for (const { line, shown } of commands) {
    const command = replaced(line, { image, folder, hasMan })
    if (command === undefined) continue
    if (command.startsWith('qemu-system-')) {
      await guestIsUp(command, qmp, folder, env)
      continue
    }
    const { output, status } = await shell.run(command)
    expect({ line, status, output }).toMatchObject({ status: 0 })
    if (shown !== undefined) expect(comparable(output), line).toEqual(comparable(shown))
    outputs.set(line, output)
  }
  const seconds = Math.round((performance.now() - beganMs) / 1000)
  console.error(`README, from a bare clone to the unplugged vCPU: ${seconds} s, ${outputs.size} commands`)

  for (const { name } of VERBS) expect(outputs.get('man qemu-vcpu')).toContain(`qemu-vcpu ${name}`)
  expect(await shell.completionsOf('qemu-vcpu guest-s')).toEqual(['guest-set', 'guest-scale'])
  expect(await shell.completionsOf('qemu-vcpu set 5 on --gu')).toEqual(['--guest'])
  // Its findings stand at the beginning of a line; the one that every VM under TCG has prevents nothing.
  expect(outputs.get('qemu-vcpu doctor')).not.toMatch(/^(blocks|notes|warns(?!.*\(tcg-plug-budget\)$))/m)
  expect(outputs.get('qemu-vcpu list')).toMatch(/^ +5 {2}plugged +vcpu5-\w+ .* 2 on +\/machine/m)
  expect(outputs.get('qemu-vcpu set 5 off --guest')).toContain('guest CPU 2 was turned off first')
  await using monitor = await QmpClient.connect(qmp)
  expect(await monitor.execute('query-cpus-fast')).toHaveLength(2)
})

/** A clone, and an environment in which `qemu-system-x86_64` is the guest kit's and npm installs below the folder. */
async function sitDown() {
  const folder = await mkdtemp(join(tmpdir(), 'readme-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }))
  const [clone, bin] = [join(folder, 'clone'), join(folder, 'bin')]
  await bareClone(clone)
  await mkdir(bin)
  await provideQemu(await everydayQemu(), bin)
  const npm = npmWithin(folder)
  const { PATH = '', HOME } = process.env
  return { folder, clone, env: { ...npm, HOME, PATH: [bin, join(npm.npm_config_prefix, 'bin'), PATH].join(':') } }
}

async function guestIsUp(line: string, qmp: string, folder: string, env: NodeJS.ProcessEnv): Promise<void> {
  const qemu = runQemu(line, folder, env)
  onTestFinished(async ({ task }) => {
    await qemu[Symbol.asyncDispose]()
    if (task.result?.state === 'fail') console.error(await qemu.explain())
  })
  await qemu.guestIsUp(qmp)
}
