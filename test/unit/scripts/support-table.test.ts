import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import {
  inOrder,
  matrixFile,
  matrixText,
  readMatrix,
  type SupportMatrix,
} from '../../../scripts/support-table/matrix.ts'
import { supportTable, withSupportTable } from '../../../scripts/support-table/table.ts'
import type { Cell } from '../../matrix/results.ts'

const readme = fileURLToPath(new URL('../../../README.md', import.meta.url))
const LEAST_MACHINES = 40

test('README’s table is what the generator makes of docs/support-matrix.json', async () => {
  const text = await readFile(readme, 'utf8')
  expect(await withSupportTable(text, await readMatrix(), (await resolveConfig(readme)) ?? {})).toBe(text)
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
    row: '| q35 | 10.0.2 | – | – | – | yes | – | – | – |',
    notes: '',
  },
  {
    what: 'machines, which are counted',
    cells: ['flat', 'dies'].map((configuration) => ({ ...base, aspect: 'prediction', configuration, verdict: 'yes' })),
    row: '| q35 | 10.0.2 | – | yes, 2 machines | – | – | – | – | – |',
    notes: '',
  },
  {
    what: 'a refusal among what is done',
    cells: [
      { ...base, verdict: 'yes' },
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
    row: '| q35 | 10.0.2 | – | – | – | no <sup>1</sup> | no <sup>2</sup> | – | – |',
    notes: '1. QEMU refuses: `never` · a; b\n2. QEMU refuses: `not now` · c',
  },
  {
    what: 'machines that QEMU does not start, apart from what else is refused',
    cells: [
      { ...base, aspect: 'prediction', configuration: 'a', verdict: 'refused-by-qemu', message: 'too many' },
      { ...base, aspect: 'unplug', configuration: 'b', verdict: 'refused-by-qemu', message: 'never' },
    ],
    row: '| q35 | 10.0.2 | – | no <sup>2</sup> | – | – | no <sup>1</sup> | – | – |',
    notes: [
      '1. QEMU refuses: `never` · b',
      '',
      '<details><summary>Machines that QEMU does not start</summary>',
      '',
      '2. QEMU refuses: `too many` · a',
      '',
      '</details>',
    ].join('\n'),
  },
  {
    what: 'a defect, which nothing hides',
    cells: [
      { ...base, verdict: 'yes' },
      { ...base, configuration: 'a', verdict: 'no', message: 'oops' },
    ],
    row: '| q35 | 10.0.2 | – | – | – | **no** <sup>1</sup> | – | – | – |',
    notes: '1. **does not work**: `oops` · a',
  },
])('the table says $what', ({ cells, row, notes }) => {
  const matrix: SupportMatrix = { date: '2025-01-01', cells }
  const lines = supportTable(matrix).split('\n')
  expect(lines[4]).toBe(row)
  expect(lines.slice(6).join('\n').trim()).toBe(notes)
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
