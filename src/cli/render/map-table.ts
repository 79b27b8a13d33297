import type { GuestMaps, VcpuMaps, CpuMap } from '../../index.ts'
import { renderIds } from './id-list.ts'
import type { Paint } from './style.ts'
import { indentOfLast, renderTable, type Cell, type Column } from './table.ts'

const COLUMNS: readonly Column[] = [
  { title: '' },
  { title: 'map' },
  { title: 'count', align: 'right' },
  { title: 'ids' },
]
/** The narrowest room for ids that is worth breaking them in. */
const MIN_IDS_WIDTH = 20

/**
 * The maps with their counts and ids, QEMU's and below them the guest's.
 *
 * @param guest - `null` where no agent was asked
 * @param columns - the terminal's width; `undefined` where ids need not be broken
 */
export function renderMaps(qemu: VcpuMaps, guest: GuestMaps | null, columns: number | undefined, paint: Paint): string {
  const maps: readonly (readonly [owner: string, kind: string, map: CpuMap])[] = [
    ['QEMU', 'online', qemu.online],
    ['', 'onlinable', qemu.onlinable],
    ['', 'offlinable', qemu.offlinable],
    ['', 'possible', qemu.possible],
    ...(guest === null
      ? []
      : ([
          ['guest', 'online', guest.online],
          ['', 'offlinable', guest.offlinable],
          ['', 'onlinable', guest.onlinable],
          ['', 'possible', guest.possible],
        ] as const)),
  ]
  const heads = maps.map(([owner, kind, map]): Cell[] => [
    { text: owner, ink: 'bold' },
    { text: kind },
    { text: String(map.size) },
  ])
  const width = columns === undefined ? undefined : Math.max(MIN_IDS_WIDTH, columns - indentOfLast(COLUMNS, heads))
  const rows = heads.map((head, at): Cell[] => {
    const map = maps[at]?.[2]
    return map === undefined ? head : [...head, { text: renderIds(map, width) }]
  })
  return renderTable(COLUMNS, rows, paint)
}
