/** How many letters may differ between a word and what was meant. */
const MOST_EDITS = 2

/**
 * `; did you mean X?` for the known word that is nearest to `word`; `''` where none is near.
 *
 * @param known - what would have been valid
 */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = known
    .map((candidate) => ({ candidate, edits: editsBetween(word.toLowerCase(), candidate) }))
    .filter(({ candidate, edits }) => edits <= Math.min(MOST_EDITS, candidate.length - 1))
    .sort((a, b) => a.edits - b.edits)
  const [best] = near
  return best === undefined ? '' : `; did you mean ${best.candidate}?`
}

/** How many letters are to be inserted, deleted, replaced or swapped with their neighbour (optimal string alignment). */
function editsBetween(a: string, b: string): number {
  // Nothing that is so much longer is near; and foreign text costs no more than this.
  if (Math.abs(a.length - b.length) > MOST_EDITS) return Infinity
  let beforeLast: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1]
      const isSwapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(
        Math.min(
          (last[column] ?? 0) + 1,
          (current[column - 1] ?? 0) + 1,
          (last[column - 1] ?? 0) + (isSame ? 0 : 1),
          isSwapped ? (beforeLast[column - 2] ?? 0) + 1 : Infinity,
        ),
      )
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? Infinity
}
