import { CpuMap } from '../../index.ts'

/** Lines that one map may take on a terminal. */
const MAX_LINES = 4

/**
 * A map's ids for people: `0-1,5`, broken after a comma where the terminal ends, and cut with a count when they would
 * fill the screen. Where there is no terminal to fit they are one line.
 *
 * @param width - characters to a line; `undefined` for one line however long
 */
export function renderIds(map: CpuMap, width: number | undefined): string {
  if (map.size === 0) return '-'
  const text = map.toString()
  if (width === undefined || text.length <= width) return text
  const runs = text.split(',')
  const lines: string[] = []
  for (let shown = 0; shown < runs.length;) {
    if (lines.length === MAX_LINES) {
      const rest = CpuMap.parse(runs.slice(shown).join(','))
      return [...lines, `... and ${rest.size} more (--json has them all)`].join('\n')
    }
    const line = takeLine(runs, shown, width)
    shown += line.length
    lines.push(`${line.join(',')}${shown < runs.length ? ',' : ''}`)
  }
  return lines.join('\n')
}

/** As many runs as fit into a line with their commas; at least one. */
function takeLine(runs: readonly string[], from: number, width: number): readonly string[] {
  let end = from
  let length = 0
  while (end < runs.length) {
    length += (runs[end]?.length ?? 0) + 1
    if (length > width && end > from) break
    end++
  }
  return runs.slice(from, end)
}
