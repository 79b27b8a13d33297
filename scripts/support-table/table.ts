import type { Aspect, Cell, Verdict } from '../../test/matrix/results.ts'
import { Notes, release } from './notes.ts'
import type { SupportMatrix } from './matrix.ts'

/** The columns of docs/support.md. */
const COLUMNS: readonly (readonly [aspect: Aspect, title: string])[] = [
  ['prediction', 'ids of empty slots'],
  ['map', 'maps'],
  ['plug', 'plug'],
  ['unplug', 'unplug'],
  ['translation', 'translation'],
  ['agent', 'agent'],
]

/** What README's table says of a machine: the aspects that a user asks for first. */
const MAIN: readonly (readonly [aspect: Aspect, word: string])[] = [
  ['plug', 'plug'],
  ['unplug', 'unplug'],
  ['agent', 'on and off in the guest'],
]

/** README has so many rows at most. */
const MAX_ROWS = 10

/** In a field, by how grave it is. */
const WORDS: Readonly<Record<Verdict, string>> = {
  yes: 'yes',
  'refused-by-qemu': 'refused by QEMU',
  'refused-by-guest': 'refused by the guest',
  'guest-hung': 'the guest hangs',
  'qemu-died': 'QEMU dies',
  no: '**does not work**',
}

const GRAVITY: readonly Verdict[] = ['yes', 'refused-by-guest', 'refused-by-qemu', 'guest-hung', 'qemu-died', 'no']

/** docs/support.md, but for its formatting: every cell, a row for each machine, QEMU and kernel. */
export function supportPage({ date, cells }: SupportMatrix): string {
  const notes = new Notes()
  for (const cell of cells) if (cell.aspect !== 'prediction') notes.numberOf(cell)
  const reasons = notes.lines().length
  const rows = [...grouped(cells, rowOf).values()].map((row) => {
    const columns = COLUMNS.map(([aspect]) =>
      summary(
        row.filter((cell) => cell.aspect === aspect),
        notes,
      ),
    )
    return [row[0]?.machine ?? '', row[0]?.qemu ?? '', kernelOf(row[0]), ...columns]
  })
  const unbuilt = notes.lines().slice(reasons)
  return [
    '# What was seen to work',
    '',
    'Made by `npm run test:matrix` from what real QEMUs and real guests showed. Nothing here is typed by hand.',
    '',
    `Seen on ${date}, under TCG. ${predictions(cells)} ${counts(cells)}`,
    '',
    ...table(['machine', 'QEMU', 'guest', ...COLUMNS.map(([, title]) => title)], rows),
    '',
    '"–": not tried. A number stands where something was refused or went wrong, with the words of the software that refused:',
    '',
    ...notes.lines().slice(0, reasons),
    '',
    ...(unbuilt.length === 0 ? [] : ['## Machines that QEMU does not start', '', ...unbuilt, '']),
  ].join('\n')
}

/** README's table: a row for each machine type, a column for each QEMU. */
export function supportSummary({ date, cells }: SupportMatrix): string {
  const machines = grouped(cells, ({ machine }) => machine)
  if (machines.size > MAX_ROWS) throw new Error(`README's table would have ${machines.size} rows: join some machines`)
  const versions = [...new Set(cells.map(({ qemu }) => qemu))].toSorted(byVersion)
  const rows = [...machines].map(([machine, row]) => [
    machine,
    kernelsOf(row),
    ...versions.map((version) => inShort(row.filter(({ qemu }) => qemu === version))),
  ])
  return [
    `Seen on ${date}, under TCG. ${predictions(cells)}`,
    '',
    ...table(['machine', 'guests', ...versions.map((version) => `QEMU ${version}`)], rows),
    '',
    `${counts(cells)} Each, with the words of the software that refused: [docs/support.md](docs/support.md).`,
  ].join('\n')
}

function predictions(cells: readonly Cell[]): string {
  const predicted = cells.filter(isPredicted)
  const wrong = cells.filter(({ aspect, verdict }) => aspect === 'prediction' && verdict === 'no').length
  const machines = new Set(predicted.map(({ machine, configuration = '' }) => `${machine} ${configuration}`)).size
  return (
    `The id of every empty slot was predicted on ${machines} machines, ${predicted.length} with each QEMU counted apart: ` +
    `${wrong === 0 ? 'every prediction was right' : `**${wrong} wrong**`}.`
  )
}

function counts(cells: readonly Cell[]): string {
  const of = (verdict: Verdict): number => cells.filter((cell) => cell.verdict === verdict).length
  const parts = GRAVITY.filter((verdict) => verdict !== 'yes' && of(verdict) > 0)
  return `Of ${cells.length} cells ${of('yes')} are yes; ${parts.map((verdict) => `${WORDS[verdict]}: ${of(verdict)}`).join(', ')}.`
}

function isPredicted({ aspect, verdict }: Cell): boolean {
  return aspect === 'prediction' && verdict === 'yes'
}

/** What one field of the page says of all that was asked. */
function summary(cells: readonly Cell[], notes: Notes): string {
  if (cells.length === 0) return '–'
  const done = cells.filter(({ verdict }) => verdict === 'yes')
  const numbers = [...new Set(cells.flatMap((cell) => notes.numberOf(cell)))].toSorted((a, b) => a - b)
  const machines = done.filter(isPredicted).length
  const word = machines > 0 && gravest(cells) !== 'no' ? `yes, ${machines} machines` : wordOf(cells)
  return numbers.length === 0 ? word : `${word} <sup>${numbers.join(', ')}</sup>`
}

/** `yes` where something was done and nothing is a defect; else what came of it. */
function wordOf(cells: readonly Cell[]): string {
  const worst = gravest(cells)
  return worst === 'no' ? WORDS.no : cells.some(({ verdict }) => verdict === 'yes') ? 'yes' : WORDS[worst]
}

function gravest(cells: readonly Cell[]): Verdict {
  return GRAVITY[Math.max(...cells.map(({ verdict }) => GRAVITY.indexOf(verdict)))] ?? 'no'
}

/** `plug, unplug; on and off in the guest: refused by the guest`. */
function inShort(cells: readonly Cell[]): string {
  const words = MAIN.flatMap(([aspect, word]) => {
    const asked = cells.filter((cell) => cell.aspect === aspect)
    // What a guest made of it counts for more than that QEMU took it.
    const seen = asked.filter(({ guest }) => guest !== undefined)
    return asked.length === 0 ? [] : [outcomeOf(word, seen.length === 0 ? asked : seen)]
  })
  if (words.length === 0) return '–'
  const done = words.filter(({ isDone }) => isDone).map(({ text }) => text)
  const failed = words.filter(({ isDone }) => !isDone).map(({ text }) => text)
  return [...(done.length === 0 ? [] : [done.join(', ')]), ...failed].join('; ')
}

/** `plug`, `plug (Linux 6.12: refused by the guest)`, or `plug: QEMU dies`. */
function outcomeOf(word: string, cells: readonly Cell[]): { readonly isDone: boolean; readonly text: string } {
  const kernels = [...grouped(cells, kernelOf)].map(([kernel, some]) => ({ kernel, came: wordOf(some) }))
  const failed = kernels.filter(({ came }) => came !== WORDS.yes)
  if (failed.length === kernels.length) return { isDone: false, text: `${word}: ${wordOf(cells)}` }
  if (failed.length === 0) return { isDone: true, text: word }
  return { isDone: true, text: `${word} (${failed.map(({ kernel, came }) => `${kernel}: ${came}`).join('; ')})` }
}

/** Cells without a guest first, then one row a kernel. */
function rowOf({ machine, qemu, guest }: Cell): string {
  return `${machine}\n${qemu}\n${guest === undefined ? '' : release(guest.kernel)}`
}

function kernelOf(cell: Cell | undefined): string {
  return cell?.guest === undefined ? 'none' : `Linux ${release(cell.guest.kernel)}`
}

function kernelsOf(cells: readonly Cell[]): string {
  const names = new Set(cells.flatMap(({ guest }) => (guest === undefined ? [] : [release(guest.kernel)])))
  return names.size === 0 ? '–' : `Linux ${[...names].toSorted(byVersion).join(', ')}`
}

function byVersion(a: string, b: string): number {
  const [left = [], right = []] = [a, b].map((text) => text.split('.').map(Number))
  for (const [at, number] of left.entries()) if (number !== right[at]) return number - (right[at] ?? -1)
  return left.length - right.length
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return [titles, titles.map(() => '---'), ...rows].map((line) => `| ${line.join(' | ')} |`)
}

/** Items by a key, in the order in which the keys first appear. */
function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
