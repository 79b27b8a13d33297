import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { renderSvg } from '../../../src/cli/grid/svg.ts'
import { expectPrintable, HOSTILE } from '../../support/hostile-text.ts'
import { runCommand } from '../../support/run-command.ts'
import { startVm } from './cli-vm.ts'
import { documentOf } from './expect-failure.ts'
import { machine, OFFLINE, ONLINE } from './vcpus.ts'

/** Where each cell of the picture is: the middle of the rectangle before its words. */
function wordsIn(svg: string): readonly string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, words = '']) => words)
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'qemu-vcpu-svg-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

describe('the picture', () => {
  it('has each vCPU with its sign and both ids, by core', () => {
    const vcpus = machine(4, (id) => ({
      online: id < 3,
      offlinable: id > 0,
      guest: [ONLINE, OFFLINE, null][id] ?? null,
      props: { 'core-id': Math.floor(id / 2), 'thread-id': id % 2 },
    }))
    const words = wordsIn(renderSvg(vcpus, { title: 'vm1' }))
    expect(words.slice(0, 10)).toEqual(['vm1', 'core 0', '#0', '9', '!1', '9', 'core 1', '!2', '-', '.3'])
    expect(words).toContain('plugged, but the guest does not run it: 2')
  })

  it('takes no text of others for markup', () => {
    const props = (id: number) => ({ 'core-id': `<script>"&'${HOSTILE}${String(id)}` })
    const svg = renderSvg(
      machine(2, (id) => ({ props: props(id), slot: [0, 1] })),
      { title: `</text><script>${HOSTILE}` },
    )
    expectPrintable(svg, Infinity)
    expect(svg.match(/<\/?[a-z]+/g)?.filter((tag) => !/^<\/?(svg|rect|text)$/.test(tag))).toEqual([])
  })

  it('keeps 4,096 slots within its width', () => {
    const svg = renderSvg(
      machine(4_096, (id) => ({ props: { 'core-id': id } })),
      { title: 'large' },
    )
    const rights = [...svg.matchAll(/<rect x="(\d+)" y="\d+" width="(\d+)"/g)].map(
      ([, x, width]) => Number(x) + Number(width),
    )
    expect(rights.length).toBeGreaterThan(4_096)
    expect(rights.filter((right) => right > 980)).toEqual([])
  })
})

describe('map --svg', () => {
  it('draws the vCPUs in a file beside what it prints', async () => {
    await using vm = startVm()
    const file = join(await folder(), 'vm.svg')
    const run = await runCommand(['map', '--svg', file, ...vm.both])
    expect(run.code).toBe(0)
    expect(run.stdout).toContain('0  #+......')
    expect(run.stdout.endsWith(`drawn in ${file}\n`)).toBe(true)
    const words = wordsIn(await readFile(file, 'utf8'))
    expect(words[0]).toContain('2 of 8 plugged; the guest runs 2 of 2')
    expect(words.slice(1, 11)).toEqual(['#0', '0', '+1', '1', '.2', '.3', '.4', '.5', '.6', '.7'])
  })

  it('says so to scripts, and prints what it prints without', async () => {
    await using vm = startVm()
    const file = join(await folder(), 'vm.svg')
    const plain = documentOf(await runCommand(['map', '--json', ...vm.both])) as object
    expect(documentOf(await runCommand(['map', '--json', '--svg', file, ...vm.both]))).toEqual({ ...plain, svg: file })
    expect(await readFile(file, 'utf8')).toMatch(/^<svg /)
  })

  it('draws QEMU’s side where the agent is mute', async () => {
    await using vm = startVm()
    vm.agent.silent = true
    const file = join(await folder(), 'vm.svg')
    const run = await runCommand(['map', '--svg', file, '--timeout', '500', ...vm.both])
    expect(run.code).not.toBe(0)
    expect(wordsIn(await readFile(file, 'utf8'))).toContain('#0')
  })

  it('fails with 2 where the file cannot be written', async () => {
    await using vm = startVm()
    const run = await runCommand(['map', '--svg', '/nonexistent/vm.svg', ...vm.qmp])
    expect(run).toMatchObject({ code: 2, stdout: '' })
    expect(run.stderr).toMatch(/^qemu-vcpu: --svg "\/nonexistent\/vm.svg" cannot be written: ENOENT/)
  })
})
