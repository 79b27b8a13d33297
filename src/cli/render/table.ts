import { printable } from '../../index.ts'
import type { Ink, Paint } from './style.ts'

/** A column of a table. */
export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/** A cell. Lines after the first (in a last cell) stand below it. */
export interface Cell {
  readonly text: string
  readonly ink?: Ink | undefined
}

const GAP = '  '

/**
 * A table with aligned columns and one line of titles. Nothing is cut; a line has no space at its end.
 *
 * @param given - rows with a cell for each column
 */
export function renderTable(columns: readonly Column[], given: readonly (readonly Cell[])[], paint: Paint): string {
  const rows = given.map((row) => row.map(printableCell))
  const titles = columns.map(({ title }): Cell => ({ text: title, ink: 'dim' }))
  const widths = widthsOf(columns, rows)
  return [titles, ...rows].map((row) => renderRow(row, columns, widths, paint)).join('\n')
}

/** How many characters stand before the last column: what is to be broken there has the rest of the line. */
export function indentOfLast(columns: readonly Column[], rows: readonly (readonly Cell[])[]): number {
  return indentOf(widthsOf(columns, rows))
}

function indentOf(widths: readonly number[]): number {
  return widths.slice(0, -1).reduce((sum, width) => sum + width + GAP.length, 0)
}

function widthsOf(columns: readonly Column[], rows: readonly (readonly Cell[])[]): readonly number[] {
  return columns.map(({ title }, at) =>
    // Not one Math.max of all: a machine has more rows than a call may have arguments.
    rows.reduce((width, row) => Math.max(width, longestLine(row[at]?.text ?? '')), title.length),
  )
}

/** Before it is painted: an ink in a text of others would be taken for one of ours. */
function printableCell({ text, ink }: Cell): Cell {
  return { ink, text: text.split('\n').map(printable).join('\n') }
}

function renderRow(row: readonly Cell[], columns: readonly Column[], widths: readonly number[], paint: Paint): string {
  const last = columns.length - 1
  return columns
    .map(({ align }, at) => {
      const { text, ink } = row[at] ?? { text: '' }
      const space = ' '.repeat(Math.max(0, (widths[at] ?? 0) - text.length))
      if (align === 'right') return space + paint(ink, text)
      if (at < last) return paint(ink, text) + space
      return text
        .split('\n')
        .map((line) => paint(ink, line))
        .join(`\n${' '.repeat(indentOf(widths))}`)
    })
    .join(GAP)
    .trimEnd()
}

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length))
}
