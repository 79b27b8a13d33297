import type { Vcpu } from '../../index.ts'
import { isGuestKnown, stateOf, VCPU_STATES, type VcpuState } from '../grid/vcpu-state.ts'
import type { Paint } from './style.ts'

/** An id without a slot, should a machine have gaps: a sign's place must still be its id. */
const NOTHING: VcpuState = { sign: ' ', ink: 'dim', legend: '', word: '' }

/** Width where no terminal says its own. */
const DEFAULT_WIDTH = 80
const GROUP = 8
/** Slots of more vCPUs than this are not worth a group of their own. */
const LARGEST_GROUP = 16
const GAP = '  '

/**
 * All vCPUs as one sign each, in groups of 8 (of a slot's size where slots hold several, so that what moves together
 * stands together), each row beginning with its first id; below it what the signs mean, and how often each is there.
 * Rows that repeat the one above are told in one line.
 *
 * @param vcpus - ascending, as `Domain.vcpus` gives them
 */
export function renderStrip(vcpus: readonly Vcpu[], columns: number | undefined, paint: Paint): string {
  const width = columns ?? DEFAULT_WIDTH
  const knowsGuest = isGuestKnown(vcpus)
  const lastId = vcpus.at(-1)?.id ?? -1
  const cells = Array.from({ length: lastId + 1 }, (_, id): Place => ({ id, sign: NOTHING }))
  for (const vcpu of vcpus) cells[vcpu.id] = { id: vcpu.id, sign: stateOf(vcpu, knowsGuest) }
  const labelWidth = String(Math.max(0, lastId)).length
  const group = groupSize(vcpus)
  const perRow = group * groupsPerRow(width - labelWidth - GAP.length, group)
  const rows = chunks(cells, perRow)
  return [...renderRows(rows, labelWidth, group, paint), '', ...renderLegend(cells, width, paint)].join('\n')
}

interface Place {
  readonly id: number
  readonly sign: VcpuState
}

function groupSize(vcpus: readonly Vcpu[]): number {
  const size = vcpus[0]?.slot.length ?? 1
  const isUniform = size > 1 && size <= LARGEST_GROUP && vcpus.every(({ slot }) => slot.length === size)
  return isUniform ? size : GROUP
}

/** A power of two, so that rows begin with round ids. */
function groupsPerRow(width: number, group: number): number {
  const fitting = Math.floor((width + 1) / (group + 1))
  return 2 ** Math.floor(Math.log2(Math.max(1, fitting)))
}

function* renderRows(
  rows: readonly (readonly Place[])[],
  labelWidth: number,
  group: number,
  paint: Paint,
): Generator<string> {
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] ?? []
    const label = String(row[0]?.id ?? 0).padStart(labelWidth)
    const signs = chunks(row, group).map((places) => paintSigns(places, paint))
    yield `${paint('dim', label)}${GAP}${signs.join(' ')}`
    const repeats = repetitions(rows, at)
    // One repeated row is shown: saying so would take as much room.
    if (repeats < 2) continue
    const [first, last] = [rows[at + 1]?.[0]?.id ?? 0, rows[at + repeats]?.at(-1)?.id ?? 0]
    yield paint('dim', `${'*'.padStart(labelWidth)}${GAP}the same: ${first}-${last}`)
    at += repeats
  }
}

/** Neighbours of one sign in one ink together: a machine of thousands is not to be thousands of escapes. */
function paintSigns(places: readonly Place[], paint: Paint): string {
  const runs: { readonly sign: VcpuState; text: string }[] = []
  for (const { sign } of places) {
    const run = runs.at(-1)
    if (run?.sign === sign) run.text += sign.sign
    else runs.push({ sign, text: sign.sign })
  }
  return runs.map(({ sign, text }) => paint(sign.ink, text)).join('')
}

/** How many rows after row `at` are just like it. */
function repetitions(rows: readonly (readonly Place[])[], at: number): number {
  const signs = (row: readonly Place[] | undefined): string => row?.map(({ sign }) => sign.sign).join('') ?? ''
  const model = signs(rows[at])
  let count = 0
  while (at + count + 1 < rows.length && signs(rows[at + count + 1]) === model) count++
  return count
}

function renderLegend(cells: readonly Place[], width: number, paint: Paint): readonly string[] {
  const entries = VCPU_STATES.flatMap((sign) => {
    const count = cells.filter((cell) => cell.sign === sign).length
    if (count === 0) return []
    const rest = ` ${sign.legend}: ${count}`
    return [{ text: paint(sign.ink, sign.sign) + rest, length: sign.sign.length + rest.length }]
  })
  const total = entries.reduce((sum, { length }) => sum + length + 3, -3)
  const texts = entries.map(({ text }) => text)
  return total <= width ? [texts.join('   ')] : texts
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}
