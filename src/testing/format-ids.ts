/** Ids as the kernel writes them in `/sys`: ascending ranges, `0-1,5`. */
export function formatIds(ids: readonly number[]): string {
  const ranges: { first: number; last: number }[] = []
  for (const id of ids) {
    const range = ranges.at(-1)
    if (range?.last === id - 1) range.last = id
    else ranges.push({ first: id, last: id })
  }
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',')
}
