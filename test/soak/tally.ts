import { VcpuError } from '../../src/index.ts'

/** How a call ended: with a value, or with an error. */
export type End =
  { readonly state: 'done'; readonly value: unknown } | { readonly state: 'failed'; readonly error: unknown }

/** False outcomes that are kept in full; the others are only counted. */
const MOST_TEXTS = 40

/** What a run has done so far. It does not grow with the run: kinds are few, and texts are bounded. */
export class Tally {
  operations = 0
  /** Outcomes that were false. */
  falses = 0
  readonly texts: string[] = []
  readonly #acts = new Map<string, number>()
  readonly #refusals = new Map<string, number>()
  readonly #happenings = new Map<string, number>()

  /** A call has ended, in an expected way or not. */
  ended(act: string, end: End): void {
    this.operations++
    count(this.#acts, act)
    if (end.state === 'failed') count(this.#refusals, refusalName(end.error))
  }

  /** Something happened to a VM or to a connection. */
  happened(what: string): void {
    count(this.#happenings, what)
  }

  /** Something is not as it must be. */
  foundFalse(where: string, what: string): void {
    this.falses++
    if (this.texts.length < MOST_TEXTS) this.texts.push(`${where}: ${what}`)
  }

  /** Calls by kind, the most frequent first. */
  get acts(): readonly (readonly [string, number])[] {
    return sorted(this.#acts)
  }

  /** Expected rejections by class and code. */
  get refusals(): readonly (readonly [string, number])[] {
    return sorted(this.#refusals)
  }

  get happenings(): readonly (readonly [string, number])[] {
    return sorted(this.#happenings)
  }
}

/** The class and the code of an error. */
function refusalName(error: unknown): string {
  if (error instanceof VcpuError) return `${error.name} ${error.code}`
  return error instanceof Error ? error.name : typeof error
}

/** Counts in words. */
export function listed(counts: readonly (readonly [string, number])[], most = Infinity): string {
  if (counts.length === 0) return 'none'
  const rest = counts.slice(most).reduce((sum, [, times]) => sum + times, 0)
  const shown = counts.slice(0, most).map(([name, times]) => `${times} ${name}`)
  return (rest > 0 ? [...shown, `${rest} others`] : shown).join(', ')
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

function sorted(counts: ReadonlyMap<string, number>): readonly (readonly [string, number])[] {
  return [...counts].sort(([, one], [, other]) => other - one)
}
