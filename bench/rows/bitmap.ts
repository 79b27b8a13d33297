import { compare, type Comparison } from '../compare.ts'
import type { Row } from '../row.ts'
import type { Setup } from '../setup/setup.ts'

const SIZES = [288, 4_096]
type Medians = Readonly<Record<string, Readonly<Record<string, number>>>>

/** Sets of CPU ids. */
export const bitmap: Row = {
  name: 'bitmap',
  title: 'Sets of CPU ids',
  text:
    '`CpuMap` beside bit sets of the registry, on 288 and 4,096 ids. 1 is a loop over a `Uint32Array` of fixed length that checks nothing and allocates its result. ' +
    'The others have no text of CPU lists. Medians of tinybench, in fresh processes.',
  spent:
    'Iterating: `for…of` asks for each id by a call and an object, which V8 mostly leaves out, and a loop in place or a callback does without. A set that is immutable and may be used as ' +
    'any other iterable has nothing shorter to give. Parsing checks each id and each element, and names the one that is wrong.',
  run: async (setup) => {
    const comparisons: Comparison[] = []
    for (const bits of SIZES) comparisons.push(...(await ofSize(setup, bits)))
    return comparisons
  },
}

async function ofSize(setup: Setup, bits: number): Promise<Comparison[]> {
  const rounds: Medians[] = []
  for (let round = 0; round < Math.min(setup.rounds, 5); round++) {
    rounds.push((await setup.worker('bitmap', { bits, timeMs: setup.calls(100) }, { core: 'client' })) as Medians)
  }
  const [first = {}] = rounds
  return Promise.all(
    Object.entries(first).map(([operation, medians]) =>
      compare({
        title: `${operation}, ${bits.toLocaleString('en')} ids`,
        rounds: rounds.length,
        base: ['words'],
        subjects: Object.fromEntries(
          Object.keys(medians).map((subject) => [subject, given(rounds.map((round) => round[operation]?.[subject]))]),
        ),
      }),
    ),
  )
}

/** The rounds were measured before: this hands them out. */
function given(values: readonly (number | undefined)[]): () => Promise<number> {
  let at = 0
  return () => Promise.resolve(values[at++] ?? Number.NaN)
}
