/** What one subject came to. */
export interface Figure {
  readonly subject: string
  /** The lowest of the rounds. */
  readonly value: number
  /** Of it and what counts as 1. */
  readonly ratio: number
  /** Between these lies the middle half of the rounds' own ratios. */
  readonly spread: readonly [lower: number, upper: number]
}

/** Several subjects that did the same. */
export interface Comparison {
  readonly title: string
  /** What the values are: microseconds, bytes, or how many. */
  readonly unit: 'us' | 'bytes' | 'count'
  /** What counts as 1, in words. */
  readonly base: string
  readonly figures: readonly Figure[]
}

/** What to compare. */
export interface Contest {
  readonly title: string
  readonly unit?: Comparison['unit']
  readonly rounds: number
  /** The subjects whose sum counts as 1. */
  readonly base: readonly string[]
  /** One measurement of each subject, in a process of its own. */
  readonly subjects: Readonly<Record<string, () => Promise<number>>>
}

/**
 * Measure the subjects in turns, round by round: what else the machine does meets all of them alike, and their ratios hold.
 * Of each the lowest round counts.
 */
export async function compare({ title, unit = 'us', rounds, base, subjects }: Contest): Promise<Comparison> {
  const names = Object.keys(subjects)
  const values = new Map(names.map((name): [string, number[]] => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of Object.entries(subjects)) values.get(name)?.push(await measure())
  }
  const of = (name: string): readonly number[] => values.get(name) ?? []
  const baseOf = (pick: (values: readonly number[]) => number): number =>
    base.reduce((sum, name) => sum + pick(of(name)), 0)
  const figures = names.map((subject): Figure => {
    const value = Math.min(...of(subject))
    const ratios = of(subject).map((each, round) => each / baseOf((others) => others[round] ?? Number.NaN))
    const ratio = value / baseOf((others) => Math.min(...others))
    return { subject, value, ratio, spread: middleHalf(ratios) }
  })
  return { title, unit, base: base.join(' + '), figures }
}

function middleHalf(ratios: readonly number[]): readonly [number, number] {
  const sorted = [...ratios].sort((a, b) => a - b)
  const at = (share: number): number => sorted[Math.round((sorted.length - 1) * share)] ?? Number.NaN
  return [at(0.25), at(0.75)]
}

/** Figures that were counted, or measured elsewhere: each against the first. */
export function counted(title: string, unit: Comparison['unit'], values: Readonly<Record<string, number>>): Comparison {
  const entries = Object.entries(values)
  const [first] = entries
  const figures = entries.map(([subject, value]): Figure => {
    const ratio = value / (first?.[1] ?? value)
    return { subject, value, ratio, spread: [ratio, ratio] }
  })
  return { title, unit, base: first?.[0] ?? '', figures }
}
