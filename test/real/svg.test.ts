// The picture of `map --svg` as a viewer shows it: rendered, and its pixels looked at.
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { ensureProgram } from '../../packages/guest-kit/src/index.ts'
import { renderSvg } from '../../src/cli/grid/svg.ts'
import { runCommand } from '../support/run-command.ts'
import { HOSTILE } from '../support/hostile-text.ts'
import { startVmOnSockets } from '../unit/cli/cli-vm.ts'
import { machine } from '../unit/cli/vcpus.ts'
import { readPng, type Pixels } from './support/png.ts'

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'qemu-vcpu-svg-'))
  onTestFinished(() => rm(path, { recursive: true }))
  return path
}

/** Render a picture with the fonts of the renderer's own packages. */
async function render(svg: string): Promise<Pixels> {
  const { command, prefixArgs, root } = await ensureProgram('rsvg-convert')
  const path = await folder()
  const [fonts, picture, png] = ['fonts.conf', 'in.svg', 'out.png'].map((name) => join(path, name))
  await writeFile(
    fonts ?? '',
    `<?xml version="1.0"?><fontconfig><dir>${join(root, 'usr/share/fonts')}</dir><cachedir>${path}</cachedir></fontconfig>`,
  )
  await writeFile(picture ?? '', svg)
  const env = { ...process.env, FONTCONFIG_FILE: fonts }
  await promisify(execFile)(command, [...prefixArgs, '-o', png ?? '', picture ?? ''], { env, timeout: 60_000 })
  return readPng(await readFile(png ?? ''))
}

/** The rectangles of the picture's cells, in order. */
function cellsOf(svg: string): readonly { readonly x: number; readonly y: number; readonly fill: string }[] {
  return [...svg.matchAll(/<rect x="(\d+)" y="(\d+)" width="46" height="34" rx="4" fill="(#\w+)"\/>/g)].map(
    ([, x, y, fill = '']) => ({ x: Number(x), y: Number(y), fill }),
  )
}

/** How many different colours there are in a cell: one where nothing is written in it. */
function coloursIn(pixels: Pixels, { x, y }: { readonly x: number; readonly y: number }): number {
  const colours = new Set<string>()
  for (let dx = 3; dx < 43; dx++) for (let dy = 3; dy < 31; dy++) colours.add(pixels.at(x + dx, y + dy))
  return colours.size
}

test('each vCPU is where the picture says, in the colour of its state, with its id written in it', async () => {
  await using vm = await startVmOnSockets({ kind: 'x86', bootVcpus: 4, sockets: 2, cores: 4, threads: 2 })
  const file = join(await folder(), 'vm.svg')
  expect((await runCommand(['map', '--svg', file, ...vm.both])).code).toBe(0)
  const svg = await readFile(file, 'utf8')
  const pixels = await render(svg)
  const cells = cellsOf(svg)
  expect(cells.map(({ fill }) => fill)).toEqual([
    '#1f6f43',
    ...Array<string>(3).fill('#8fd3a8'),
    ...Array<string>(12).fill('#eef0f2'),
  ])
  for (const cell of cells) {
    expect(pixels.at(cell.x + 4, cell.y + 4)).toBe(cell.fill)
    expect(coloursIn(pixels, cell)).toBeGreaterThan(4)
  }
  expect(pixels.at(0, 0)).toBe('#ffffff')
})

test('a picture with hostile text, and a large one, can be rendered', async () => {
  const hostile = machine(2, () => ({ props: { 'core-id': HOSTILE, '<x>': '&' }, slot: [0, 1] }))
  const small = renderSvg(hostile, { title: `</text>&${HOSTILE}` })
  expect((await render(small)).width).toBeGreaterThan(0)
  const large = renderSvg(
    machine(255, (id) => ({ props: { 'socket-id': id % 3, 'core-id': id } })),
    { title: '255' },
  )
  const pixels = await render(large)
  for (const { x, y, fill } of cellsOf(large)) expect(pixels.at(x + 4, y + 4)).toBe(fill)
})
