import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished, test } from 'vitest'
import { inRepository } from '../../../scripts/formatted-page.ts'
import { readRequest } from '../../../src/cli/args.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from '../cli/cli-vm.ts'
import { allBlocks } from './support/blocks.ts'
import { shellCommands, type ShellCommand } from './support/shell.ts'

const blocks = (await allBlocks()).filter(({ language }) => language === 'sh')

/** Commands of npm's own that the pages have. */
const NPMS_OWN = ['i', 'init', 'pkg']

/** A file with the layout of a VM, since a command line that names one is checked with it. */
async function layoutFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-docs-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await using vm = startVm()
  const file = join(folder, 'layout.json')
  await writeFile(file, (await runCommand(['export', '--json', ...vm.qmp])).stdout)
  return file
}

/** The variables that a page's scripts set. */
function exported(page: string): Readonly<Record<string, string>> {
  const words = commandsOf(page).flatMap(({ words: [first, ...rest] }) => (first === 'export' ? rest : []))
  return Object.fromEntries(words.map((word): [string, string] => [word.split('=')[0] ?? '', word.split('=')[1] ?? '']))
}

function commandsOf(page: string): readonly ShellCommand[] {
  return blocks.filter((block) => block.page === page).flatMap(({ text }) => shellCommands(text))
}

test.each(blocks)('$page:$line: its command lines are ones that the command takes', async ({ page, text }) => {
  const file = await layoutFile()
  const commands = shellCommands(text.replaceAll(/<\((.*)\)/g, '| $1'))
  for (const { words } of commands) {
    // A synopsis is not a command line.
    if (words[0] !== 'qemu-vcpu' || words[1] === 'VERB') continue
    const argv = words.slice(1).map((word) => (word.endsWith('.json') ? file : word))
    expect((await readRequest(argv, exported(page))).kind, words.join(' ')).toMatch(/^(run|run-alone|completion)$/)
  }
})

test.each(blocks)('$page:$line: its npm scripts are there', async ({ page, text }) => {
  // That project's own: test/real/guide.test.ts runs them.
  if (page === 'docs/guides/embed.md') return
  const manifest = await readFile(inRepository('package.json'), 'utf8')
  for (const { words } of shellCommands(text)) {
    const script = words[0] === 'npm' ? (words[1] === 'run' ? words[2] : words[1]) : undefined
    if (script !== undefined && !NPMS_OWN.includes(script)) expect(manifest).toContain(`"${script}": "`)
  }
})

test('README’s QEMU has room, a monitor and the agent’s port, where the next step says', () => {
  const { QEMU_VCPU_QMP: qmp = '', QEMU_VCPU_QGA: qga = '' } = exported('README.md')
  const line = commandsOf('README.md')
    .find(({ words }) => words[0] === 'qemu-system-x86_64')
    ?.words.join(' ')
  expect(line).toContain('-smp 2,maxcpus=8 ')
  expect(line).toContain(`-qmp unix:${qmp},server=on,wait=off `)
  expect(line).toContain(`path=${qga},server=on,wait=off `)
  expect(line).toContain('name=org.qemu.guest_agent.0')
})

it('splits what the pages have', () => {
  expect(shellCommands(`a 'b c' \\\n  d=e # f\n\ng "h" > i.json && j | k --l='m n'`)).toEqual([
    { words: ['a', 'b c', 'd=e'], output: undefined },
    { words: ['g', 'h'], output: 'i.json' },
    { words: ['j'], output: undefined },
    { words: ['k', '--l=m n'], output: undefined },
  ])
})
