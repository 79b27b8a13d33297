import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import {
  inOrder,
  matrixFile,
  matrixText,
  readMatrix,
  type SupportMatrix,
} from '../../../scripts/support-table/matrix.ts'
import { withSummary } from '../../../scripts/support-table/readme.ts'
import { supportPage, supportSummary } from '../../../scripts/support-table/table.ts'
import type { Cell } from '../../matrix/results.ts'

const readme = fileURLToPath(new URL('../../../README.md', import.meta.url))
const page = fileURLToPath(new URL('../../../docs/support.md', import.meta.url))
const LEAST_MACHINES = 40

async function formatted(text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(readme)), parser: 'markdown' })
}

test('README’s table is what the generator makes of docs/support-matrix.json', async () => {
  const text = await readFile(readme, 'utf8')
  expect(await formatted(withSummary(text, supportSummary(await readMatrix())))).toBe(text)
})

test('docs/support.md is what the generator makes of docs/support-matrix.json', async () => {
  expect(await formatted(supportPage(await readMatrix()))).toBe(await readFile(page, 'utf8'))
})

test('README’s table has ten rows at most', async () => {
  const rows = supportSummary(await readMatrix()).matchAll(/^\|/gm)
  // The titles and the line below them are two more.
  expect([...rows].length).toBeLessThanOrEqual(12)
})

test('docs/support-matrix.json is as the generator writes it', async () => {
  const matrix = await readMatrix()
  expect(matrixText({ ...matrix, cells: inOrder(matrix.cells) })).toBe(await readFile(matrixFile, 'utf8'))
})

test('every cell is green, or refused in the software’s own words', async () => {
  const { cells } = await readMatrix()
  const wordless = cells.filter(({ verdict, message = '' }) => verdict !== 'yes' && message === '')
  expect(wordless).toEqual([])
  expect(cells.filter(({ verdict }) => verdict === 'no')).toEqual([])
})

test('four architectures, three QEMUs and kernels 6.1, 6.12 and 7 were seen', async () => {
  const { cells } = await readMatrix()
  const guests = cells.flatMap((cell) => (cell.guest === undefined ? [] : [cell.guest]))
  expect(new Set(guests.map(({ arch }) => arch))).toEqual(new Set(['x86_64', 'ppc64le', 's390x', 'loongarch64']))
  expect(new Set(cells.map(({ qemu }) => Number.parseInt(qemu)))).toEqual(new Set([7, 10, 11]))
  const kernels = new Set(guests.map(({ kernel }) => /^(?:6\.\d+|\d+)/.exec(kernel)?.[0]))
  expect(kernels).toEqual(new Set(['6.1', '6.12', '7']))
})

test('the ids of at least forty machines were said beforehand, over three QEMUs', async () => {
  const predicted = (await readMatrix()).cells.filter(
    ({ aspect, verdict }) => aspect === 'prediction' && verdict === 'yes',
  )
  const machines = new Set(predicted.map(({ machine, configuration }) => `${machine} ${configuration ?? ''}`))
  expect(machines.size).toBeGreaterThanOrEqual(LEAST_MACHINES)
  expect(new Set(predicted.map(({ qemu }) => Number.parseInt(qemu)))).toEqual(new Set([7, 10, 11]))
})

const base = { machine: 'q35', qemu: '10.0.2', aspect: 'plug' } as const
const guest = { arch: 'x86_64', kernel: '6.12.1+deb13', agent: '10.0.2' } as const

test.each<{ readonly what: string; readonly cells: readonly Cell[]; readonly row: string; readonly notes: string }>([
  {
    what: 'a yes',
    cells: [{ ...base, verdict: 'yes' }],
    row: '| q35 | 10.0.2 | none | – | – | yes | – | – | – |',
    notes: '',
  },
  {
    what: 'machines, which are counted',
    cells: ['flat', 'dies'].map((configuration) => ({ ...base, aspect: 'prediction', configuration, verdict: 'yes' })),
    row: '| q35 | 10.0.2 | none | yes, 2 machines | – | – | – | – | – |',
    notes: '',
  },
  {
    what: 'a refusal among what is done',
    cells: [
      { ...base, guest, verdict: 'yes' },
      { ...base, configuration: 'modules', guest, verdict: 'refused-by-guest', message: 'no | `room`' },
    ],
    row: '| q35 | 10.0.2 | Linux 6.12 | – | – | yes <sup>1</sup> | – | – | – |',
    notes: "1. the guest refuses: `no | 'room'` · modules (Linux 6.12)",
  },
  {
    what: 'refusals alone, one note for the same words',
    cells: [
      { ...base, configuration: 'a', verdict: 'refused-by-qemu', message: 'never' },
      { ...base, configuration: 'b', verdict: 'refused-by-qemu', message: 'never' },
      { ...base, configuration: 'c', aspect: 'unplug', verdict: 'refused-by-qemu', message: 'not\n now' },
    ],
    row: '| q35 | 10.0.2 | none | – | – | refused by QEMU <sup>1</sup> | refused by QEMU <sup>2</sup> | – | – |',
    notes: '1. QEMU refuses: `never` · a; b\n2. QEMU refuses: `not now` · c',
  },
  {
    what: 'machines that QEMU does not start, apart from what else is refused',
    cells: [
      { ...base, aspect: 'prediction', configuration: 'a', verdict: 'refused-by-qemu', message: 'too many' },
      { ...base, aspect: 'unplug', configuration: 'b', verdict: 'refused-by-qemu', message: 'never' },
    ],
    row: '| q35 | 10.0.2 | none | refused by QEMU <sup>2</sup> | – | – | refused by QEMU <sup>1</sup> | – | – |',
    notes: '1. QEMU refuses: `never` · b\n\n## Machines that QEMU does not start\n\n2. QEMU refuses: `too many` · a',
  },
  {
    what: 'a QEMU that died and a guest that hung, as what they are',
    cells: [
      { ...base, guest, verdict: 'guest-hung', message: 'SMM=1' },
      { ...base, guest, aspect: 'unplug', verdict: 'qemu-died', message: 'double free' },
    ],
    row: '| q35 | 10.0.2 | Linux 6.12 | – | – | the guest hangs <sup>1</sup> | QEMU dies <sup>2</sup> | – | – |',
    notes: '1. the guest hangs: `SMM=1` · (Linux 6.12)\n2. **QEMU dies**: `double free` · (Linux 6.12)',
  },
  {
    what: 'a defect, which nothing hides',
    cells: [
      { ...base, verdict: 'yes' },
      { ...base, configuration: 'a', verdict: 'no', message: 'oops' },
    ],
    row: '| q35 | 10.0.2 | none | – | – | **does not work** <sup>1</sup> | – | – | – |',
    notes: '1. **does not work**: `oops` · a',
  },
])('the table says $what', ({ cells, row, notes }) => {
  const matrix: SupportMatrix = { date: '2025-01-01', cells }
  const lines = supportPage(matrix).split('\n')
  expect(lines[8]).toBe(row)
  expect(lines.slice(12).join('\n').trim()).toBe(notes)
})

test('README’s row says in short what works on each QEMU, and what came of the rest', () => {
  const other = { ...guest, kernel: '7.2.13+deb14' }
  const cells: Cell[] = [
    { ...base, qemu: '7.2.22', verdict: 'yes' },
    { ...base, guest, verdict: 'yes' },
    { ...base, guest: other, verdict: 'refused-by-guest', message: 'never' },
    // QEMU takes it, and the guest it is for dies of it.
    { ...base, aspect: 'unplug', verdict: 'yes' },
    { ...base, guest, aspect: 'unplug', verdict: 'qemu-died', message: 'double free' },
    { ...base, guest, aspect: 'agent', verdict: 'yes' },
    { ...base, guest, aspect: 'agent', configuration: 'a', verdict: 'refused-by-guest', message: 'never' },
  ]
  expect(supportSummary({ date: '2025-01-01', cells }).split('\n')[4]).toBe(
    '| q35 | Linux 6.12, 7.2 | plug | plug (Linux 7.2: refused by the guest), on and off in the guest; unplug: QEMU dies |',
  )
})

test('cells are in an order of their own, versions as numbers', () => {
  const cells: Cell[] = [
    { ...base, machine: 'zebra', verdict: 'yes' },
    { ...base, qemu: '11.1.3', verdict: 'yes' },
    { ...base, qemu: '7.2.22', verdict: 'yes' },
    { ...base, machine: 'microvm', verdict: 'yes' },
    { ...base, aspect: 'prediction', verdict: 'yes' },
    { ...base, verdict: 'yes' },
  ]
  expect(inOrder(cells).map(({ machine, qemu, aspect }) => `${machine} ${qemu} ${aspect}`)).toEqual([
    'q35 7.2.22 plug',
    'q35 10.0.2 prediction',
    'q35 10.0.2 plug',
    'q35 11.1.3 plug',
    'microvm 10.0.2 plug',
    'zebra 10.0.2 plug',
  ])
})
