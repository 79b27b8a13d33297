import { expect } from 'vitest'
import { differences } from './compare.ts'
import { KNOWN, knownAs, type KnownDifference } from './known.ts'
import type { Heard } from './play.ts'

/** What a run has seen so far. */
export interface Tally {
  sequences: number
  equal: number
  readonly shown: Set<KnownDifference>
}

export function newTally(): Tally {
  return { sequences: 0, equal: 0, shown: new Set() }
}

/** Compare what both said to a sequence; a difference that is not listed fails. */
export function judge(tally: Tally, sequence: string, real: Heard, simulated: Heard): void {
  tally.sequences++
  const all = differences(real, simulated)
  if (all.length === 0) tally.equal++
  const unlisted = all.filter((difference) => {
    const known = knownAs(sequence, difference)
    if (known !== undefined) tally.shown.add(known)
    return known === undefined
  })
  expect(unlisted).toEqual([])
}

/** The names of the known differences in these sequences that no run has shown. */
export function notShown({ shown }: Tally, sequences: readonly string[]): readonly string[] {
  const expected = KNOWN.filter((known) => known.sequences.some((name) => sequences.includes(name)))
  return expected.filter((known) => !shown.has(known)).map(({ what }) => what)
}

/** One line for whoever runs it. */
export function summary(what: string, { sequences, equal, shown }: Tally): string {
  return `${what}: ${equal} of ${sequences} sequences equal, ${sequences - equal} with ${shown.size} listed differences`
}
