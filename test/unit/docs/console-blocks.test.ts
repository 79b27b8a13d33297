import { expect, it, test } from 'vitest'
import type { OnPlug, OnUnplug } from '../../../src/testing/index.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm, type CliVm } from '../cli/cli-vm.ts'
import { allBlocks, type Block } from './support/blocks.ts'
import { comparable, consoleSteps } from './support/console.ts'
import { shellCommands } from './support/shell.ts'

const blocks = (await allBlocks()).filter(({ language }) => language === 'console')
const nameOf = ({ page, section }: Block): string => `${page}, section ${section}`

/** What the comment before a block wants of the simulated VM: `simulated: maxcpus=2, onPlug=refuse`. */
function wishes({ directive = '' }: Block): ReadonlyMap<string, string> {
  const [, list = ''] = /^simulated: (.*)$/.exec(directive) ?? []
  return new Map(list.split(', ').map((wish): [string, string] => [wish.split('=')[0] ?? '', wish.split('=')[1] ?? '']))
}

const ON_PLUG: readonly OnPlug[] = ['refuse', 'ignore']
const ON_UNPLUG: readonly OnUnplug[] = ['refuse', 'ignore']

function comply({ qemu }: CliVm, wanted: ReadonlyMap<string, string>): void {
  const onPlug = ON_PLUG.find((behaviour) => behaviour === wanted.get('onPlug'))
  const onUnplug = ON_UNPLUG.find((behaviour) => behaviour === wanted.get('onUnplug'))
  if (onPlug !== undefined) qemu.guest.onPlug = onPlug
  if (onUnplug !== undefined) qemu.guest.onUnplug = onUnplug
}

/** The arguments, without where the VM is: with both addresses, or the monitor's alone where the page names that alone. */
function argumentsOf(command: string, vm: CliVm): readonly string[] {
  const [program, ...words] = shellCommands(command)[0]?.words ?? []
  if (program !== 'qemu-vcpu') throw new Error(`not the command: ${command}`)
  const isAddress = (at: number): boolean =>
    /^--q(mp|ga)$/.test(words[at] ?? '') || /^--q(mp|ga)$/.test(words[at - 1] ?? '')
  const own = words.filter((_, at) => !isAddress(at))
  return [...own, ...(words.includes('--qmp') && !words.includes('--qga') ? vm.qmp : vm.both)]
}

test.each([...new Set(blocks.map(nameOf))])('%s: the command prints what is shown', async (section) => {
  const own = blocks.filter((block) => nameOf(block) === section)
  const maxcpus = Number(own.map((block) => wishes(block).get('maxcpus')).find((count) => count !== undefined) ?? 8)
  await using vm = startVm({ kind: 'x86', bootVcpus: 2, maxcpus })
  for (const block of own) {
    comply(vm, wishes(block))
    for (const { command, output } of consoleSteps(block.text)) {
      const { stdout, stderr } = await runCommand(argumentsOf(command, vm))
      const printed = comparable(stdout === '' ? stderr : stdout)
      expect(printed, `${block.page}:${block.line}: ${command}`).toEqual(comparable(output))
    }
  }
})

it('compares what a page can know beforehand, and nothing less', () => {
  expect(comparable('  12 ms  x: vcpu5-0277da3b')).toBe(comparable('3 ms  x: vcpu5-ffffffff'))
  expect(comparable('{"a":[1],"atMs":3}')).toEqual(comparable('{ "a": [1], "atMs": 31 }'))
  expect(comparable('{"a":[1],"atMs":3}')).not.toEqual(comparable('{ "a": [2], "atMs": 3 }'))
  expect(comparable('vCPU 5 is plugged')).not.toBe(comparable('vCPU 4 is plugged'))
})
