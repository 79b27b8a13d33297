import type { Block, Group } from './arrange.ts'

/** One piece of a row: a vCPU's cell, or text between cells. */
export type Piece =
  | { readonly kind: 'cell'; readonly id: number; readonly width: number }
  | { readonly kind: 'text'; readonly text: string }

/** One line of a grid, from left to right. */
export type Row = readonly Piece[]

/** How a grid is drawn in characters. */
export interface GridSize {
  /** Characters in a line. */
  readonly columns: number
  /** Characters of a cell; 1: cells stand side by side, and each row begins with its first id. */
  readonly cellWidth: number
  /** Characters of the largest id. */
  readonly idWidth: number
}

/** Cells of a group that is just what its block holds, where each is one character: of the long runs one fills a narrow line. */
const RUN = 8
const LONG_RUN = 2 * RUN
/** A line of fewer characters has less space in it. */
const ROOMY = 40

/**
 * Lay blocks out in lines that are at most so wide; where not even one cell fits, a line has one cell all the same. A heading stands
 * before its rows where it takes less than a third of the line, and else above them.
 */
export function layOut(blocks: readonly Block[], size: GridSize): readonly Row[] {
  const headingWidth = Math.max(0, ...blocks.map(({ heading }) => heading.length))
  const isInline = headingWidth > 0 && headingWidth + 2 <= size.columns / 3
  const margin = isInline ? headingWidth + 2 : 0
  return blocks.flatMap(({ heading, groups }) => {
    const rows = rowsOf(groups, size, size.columns - margin)
    if (heading === '') return rows
    if (!isInline) return [[{ kind: 'text', text: heading }] as const, ...rows]
    return rows.map((row, at): Row => [{ kind: 'text', text: (at === 0 ? heading : '').padEnd(margin) }, ...row])
  })
}

function rowsOf(groups: readonly Group[], size: GridSize, columns: number): readonly Row[] {
  const isDense = size.cellWidth === 1
  const gap = columns < ROOMY ? 1 : 2
  const label = isDense ? size.idWidth + gap : 0
  const units = groups.flatMap((group) => unitsOf(group, size, columns - label))
  const widest = Math.max(1, ...units.map((unit) => widthOf(unit, size)))
  const perRow = roundCount(Math.floor((columns - label + 1) / (widest + 1)))
  return chunks(units, perRow).map((row): Row => {
    const first = row[0]?.ids[0] ?? 0
    const cells = row.flatMap((unit, at) => [...(at === 0 ? [] : [space]), ...piecesOf(unit, size)])
    return isDense ? [{ kind: 'text', text: String(first).padStart(size.idWidth) + ' '.repeat(gap) }, ...cells] : cells
  })
}

const space: Piece = { kind: 'text', text: ' ' }

/** Cells that are not parted; in brackets where they are a group of the topology and the cells are wide. */
interface Unit {
  readonly ids: readonly number[]
  readonly hasBrackets: boolean
}

function unitsOf({ ids, label }: Group, size: GridSize, columns: number): readonly Unit[] {
  if (label === '') {
    return chunks(ids, size.cellWidth === 1 ? runLength(columns) : 1).map((run) => ({
      ids: run,
      hasBrackets: false,
    }))
  }
  const whole: Unit = { ids, hasBrackets: size.cellWidth > 1 }
  if (widthOf(whole, size) <= columns) return [whole]
  const fitting = Math.max(1, Math.floor((columns - (whole.hasBrackets ? 1 : 0)) / cellPitch(size)))
  return chunks(ids, fitting).map((part) => ({ ids: part, hasBrackets: false }))
}

function runLength(columns: number): number {
  const isFullWithOne = columns >= LONG_RUN && columns < 2 * RUN + 1
  return isFullWithOne ? LONG_RUN : Math.min(RUN, Math.max(1, columns))
}

/** Characters from one cell of a unit to the next. */
function cellPitch({ cellWidth }: GridSize): number {
  return cellWidth === 1 ? 1 : cellWidth + 1
}

function widthOf({ ids, hasBrackets }: Unit, size: GridSize): number {
  const between = cellPitch(size) - size.cellWidth
  return ids.length * cellPitch(size) - between + (hasBrackets ? 2 : 0)
}

function piecesOf({ ids, hasBrackets }: Unit, size: GridSize): readonly Piece[] {
  const cells = ids.flatMap((id, at): Piece[] => [
    ...(at > 0 && cellPitch(size) > size.cellWidth ? [space] : []),
    { kind: 'cell', id, width: size.cellWidth },
  ])
  return hasBrackets ? [{ kind: 'text', text: '[' }, ...cells, { kind: 'text', text: ']' }] : cells
}

/** A power of two where there is room for one, so that rows begin with round ids. */
function roundCount(fitting: number): number {
  return 2 ** Math.floor(Math.log2(Math.max(1, fitting)))
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size))
}
