import { format, type Options } from 'prettier'
import type { Aspect, Cell, Verdict } from '../../test/matrix/results.ts'
import type { SupportMatrix } from './matrix.ts'

const BEGIN = '<!-- support-table: made by npm run test:matrix -->'
const END = '<!-- end of support-table -->'

const COLUMNS: readonly (readonly [aspect: Aspect, title: string])[] = [
  ['prediction', 'ids of empty slots'],
  ['map', 'maps'],
  ['plug', 'plug'],
  ['unplug', 'unplug'],
  ['translation', 'translation'],
  ['agent', 'agent'],
]

/** How a note begins. */
const REFUSALS: Readonly<Record<Exclude<Verdict, 'yes'>, string>> = {
  'refused-by-qemu': 'QEMU refuses',
  'refused-by-guest': 'the guest refuses',
  no: '**does not work**',
}

/**
 * The text of README.md with its support table made anew.
 *
 * @throws Error when the text has no place for it
 */
export async function withSupportTable(readme: string, matrix: SupportMatrix, style: Options): Promise<string> {
  const from = readme.indexOf(BEGIN)
  const to = readme.indexOf(END)
  if (from === -1 || to < from) throw new Error(`README.md has no '${BEGIN}' before '${END}'`)
  const made = `${readme.slice(0, from)}${BEGIN}\n\n${supportTable(matrix)}\n\n${readme.slice(to)}`
  return format(made, { ...style, parser: 'markdown' })
}

/**
 * The table and its notes, as markdown. What was refused of a machine that runs comes first; the machines that QEMU does not
 * even start are folded away.
 */
export function supportTable({ date, cells }: SupportMatrix): string {
  const notes = new Notes()
  for (const cell of cells) if (cell.aspect !== 'prediction') notes.numberOf(cell)
  const reasons = notes.lines().length
  const rows = [...grouped(cells, ({ machine, qemu }) => `${machine}\n${qemu}`).values()].map((row) => {
    const columns = COLUMNS.map(([aspect]) =>
      summary(
        row.filter((cell) => cell.aspect === aspect),
        notes,
      ),
    )
    return [row[0]?.machine ?? '', row[0]?.qemu ?? '', kernels(row), ...columns]
  })
  const titles = ['machine', 'QEMU', 'guests', ...COLUMNS.map(([, title]) => title)]
  const lines = [titles, titles.map(() => '---'), ...rows].map((line) => `| ${line.join(' | ')} |`)
  const predicted = cells.filter(isPredicted)
  const machines = new Set(predicted.map(({ machine, configuration = '' }) => `${machine} ${configuration}`)).size
  const unbuilt = notes.lines().slice(reasons)
  return [
    `Seen on ${date}, under TCG: ${machines} machines, ${predicted.length} with each QEMU counted apart, every empty slot of ` +
      'each with its id said beforehand. "–": not tried. A number stands where something was refused:',
    '',
    ...lines,
    '',
    ...notes.lines().slice(0, reasons),
    '',
    ...(unbuilt.length === 0
      ? []
      : ['<details><summary>Machines that QEMU does not start</summary>', '', ...unbuilt, '', '</details>']),
  ].join('\n')
}

function isPredicted({ aspect, verdict }: Cell): boolean {
  return aspect === 'prediction' && verdict === 'yes'
}

/** What one field of the table says of all that was asked. */
function summary(cells: readonly Cell[], notes: Notes): string {
  if (cells.length === 0) return '–'
  const done = cells.filter(({ verdict }) => verdict === 'yes')
  const numbers = [...new Set(cells.flatMap((cell) => notes.numberOf(cell)))].toSorted((a, b) => a - b)
  const machines = done.filter(isPredicted).length
  const broken = cells.some(({ verdict }) => verdict === 'no')
  const word = broken ? '**no**' : done.length === 0 ? 'no' : machines > 0 ? `yes, ${machines} machines` : 'yes'
  return numbers.length === 0 ? word : `${word} <sup>${numbers.join(', ')}</sup>`
}

/** The guests' kernels, `Linux 6.1, 6.12`. */
function kernels(cells: readonly Cell[]): string {
  const names = new Set(cells.flatMap(({ guest }) => (guest === undefined ? [] : [release(guest.kernel)])))
  return names.size === 0 ? '–' : `Linux ${[...names].join(', ')}`
}

/** `6.12` of `6.12.107+deb13-cloud-amd64`. */
function release(kernel: string): string {
  return /^\d+\.\d+/.exec(kernel)?.[0] ?? kernel
}

/** One note for each thing that was said, however many cells heard it. */
class Notes {
  /** What was said, where, and by which kernels. */
  readonly #heard = new Map<string, Map<string, Set<string>>>()

  /** The number of the cell's note; none for a cell that says yes. */
  numberOf({ verdict, message, configuration = '', guest }: Cell): number[] {
    if (verdict === 'yes') return []
    const said = `${REFUSALS[verdict]}: ${code(message ?? 'without a word')}`
    const places = this.#heard.get(said) ?? new Map<string, Set<string>>()
    this.#heard.set(said, places)
    const kernels = places.get(configuration) ?? new Set<string>()
    places.set(configuration, kernels)
    if (guest !== undefined) kernels.add(release(guest.kernel))
    return [[...this.#heard.keys()].indexOf(said) + 1]
  }

  lines(): string[] {
    return [...this.#heard].map(([said, places], at) => {
      const named = [...places].map(([place, kernels]) => `${place}${inGuests(kernels)}`).filter((text) => text !== '')
      return `${at + 1}. ${said}${named.length === 0 ? '' : ` · ${named.join('; ')}`}`
    })
  }
}

function inGuests(kernels: ReadonlySet<string>): string {
  return kernels.size === 0 ? '' : ` (Linux ${[...kernels].join(', ')})`
}

/** In backticks, on one line, and without what would end the row. */
function code(text: string): string {
  return `\`${text.replaceAll(/\s+/g, ' ').replaceAll('`', "'")}\``
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}
