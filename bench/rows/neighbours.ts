import { compare, type Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import { machineReplies } from '../setup/replies.ts'
import type { Setup } from '../setup/setup.ts'

const VMS = 199

interface Disturbed {
  readonly medianUs: number
  readonly delayUs: number
  readonly growth: number
}

/** What one guest can do to the others. */
export const neighbours: Row = {
  name: 'neighbours',
  title: `${VMS} VMs beside a hostile guest`,
  text:
    `One process with ${VMS} VMs whose maps are asked for in turn, and one more whose agent is asked without a pause: it is honest (1), or answers with the longest list that is allowed ` +
    '(65,536 CPUs, 3.5 MB), or makes QEMU send 5,000 hints a second. Of a map of the others the median; of the event loop the longest time that it was held up.',
  run: async (setup) => {
    await using server = await setup.instant(await machineReplies(setup, 8, 2), 'other')
    const kinds = ['honest', 'costly replies', 'hints'] as const
    const found = Object.fromEntries(kinds.map((kind): [string, Disturbed[]] => [kind, []]))
    for (let round = 0; round < setup.rounds; round++) {
      for (const kind of kinds) found[kind]?.push(await measured(setup, server.path, kind))
    }
    return [
      await comparisonOf('a map of the others, median', 'us', found, ({ medianUs }) => medianUs),
      await comparisonOf('event loop held up, longest', 'us', found, ({ delayUs }) => delayUs),
      await comparisonOf('RSS grew by', 'bytes', found, ({ growth }) => growth),
    ]
  },
}

async function measured(setup: Setup, path: string, kind: string): Promise<Disturbed> {
  return (await setup.worker('neighbours', { path, kind, count: VMS, maps: setup.calls(20_000) })) as Disturbed
}

function comparisonOf(
  title: string,
  unit: Comparison['unit'],
  found: Readonly<Record<string, readonly Disturbed[]>>,
  part: (one: Disturbed) => number,
): Promise<Comparison> {
  const given = (rounds: readonly Disturbed[]) => {
    let at = 0
    return () => Promise.resolve(rounds.map(part)[at++] ?? Number.NaN)
  }
  const subjects = Object.fromEntries(Object.entries(found).map(([kind, rounds]) => [kind, given(rounds)]))
  return compare({ title, unit, rounds: found['honest']?.length ?? 0, base: ['honest'], subjects })
}
