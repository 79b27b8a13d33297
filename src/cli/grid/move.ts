import type { Row } from './lay-out.ts'

/** Where a step in a grid goes. */
export type Direction = 'left' | 'right' | 'up' | 'down' | 'first' | 'last'

interface PlacedCell {
  readonly id: number
  readonly x: number
}

/** The vCPU cells of each row, with the column at which each begins; rows of headings alone are left out. */
function cellRows(rows: readonly Row[]): readonly (readonly PlacedCell[])[] {
  return rows
    .map((row) => {
      let x = 0
      const cells: PlacedCell[] = []
      for (const piece of row) {
        if (piece.kind === 'cell') cells.push({ id: piece.id, x })
        x += piece.kind === 'cell' ? piece.width : piece.text.length
      }
      return cells
    })
    .filter((cells) => cells.length > 0)
}

/**
 * The vCPU that a step from `id` leads to: left and right in reading order, up and down to the nearest in the next row. At an edge
 * it stays where it is; an id that is not in the grid leads to the first.
 */
export function move(rows: readonly Row[], id: number, direction: Direction): number {
  const cells = cellRows(rows)
  const order = cells.flat()
  const at = order.findIndex((cell) => cell.id === id)
  const first = order[0]?.id ?? id
  if (at === -1 || direction === 'first') return first
  if (direction === 'last') return order.at(-1)?.id ?? id
  if (direction === 'left') return order[at - 1]?.id ?? id
  if (direction === 'right') return order[at + 1]?.id ?? id
  const rowAt = cells.findIndex((row) => row.some((cell) => cell.id === id))
  const x = order[at]?.x ?? 0
  const target = cells[rowAt + (direction === 'up' ? -1 : 1)] ?? []
  return nearest(target, x)?.id ?? id
}

function nearest(cells: readonly PlacedCell[], x: number): PlacedCell | undefined {
  return cells.reduce<PlacedCell | undefined>(
    (best, cell) => (best === undefined || Math.abs(cell.x - x) < Math.abs(best.x - x) ? cell : best),
    undefined,
  )
}
