import { parseArgs } from 'node:util'

/** What a soak run was asked for. */
export interface SoakOptions {
  readonly minutes: number
  /** Real guests. */
  readonly guests: number
  /** Simulated VMs. */
  readonly vms: number
  /** What every choice is drawn from. */
  readonly seed: number
  /** Where the plot goes; nowhere unless given. */
  readonly svg: string | undefined
  /** The mean pause of a simulated VM between two operations. */
  readonly paceMs: number
  /** Kept on purpose for each operation, to see that drift is found. */
  readonly leakKib: number
}

/** The command line was wrong. */
export class SoakUsageError extends Error {
  override readonly name = 'SoakUsageError'
}

export const SOAK_USAGE =
  'npm run soak -- [--minutes N] [--guests N] [--vms N] [--seed S] [--svg FILE] [--pace MS] [--leak KIB]'

const DEFAULTS = { minutes: 10, guests: 2, vms: 200, pace: 1_500, leak: 0 } as const

/**
 * Read the command line.
 *
 * @param argv - without the program's own words
 * @param anySeed - what the run is made from unless a seed is given
 * @throws {@link SoakUsageError}
 */
export function parseSoakOptions(argv: readonly string[], anySeed: number): SoakOptions {
  const given = valuesOf(argv)
  const number = (name: keyof typeof DEFAULTS, min: number, max: number): number =>
    numberOf(name, given[name] ?? String(DEFAULTS[name]), min, max)
  const options = {
    minutes: number('minutes', 0.05, 100_000),
    guests: wholeOf('guests', number('guests', 0, 64)),
    vms: wholeOf('vms', number('vms', 0, 10_000)),
    seed: wholeOf('seed', numberOf('seed', given.seed ?? String(anySeed), 0, 4_294_967_295)),
    svg: given.svg,
    paceMs: number('pace', 1, 3_600_000),
    leakKib: number('leak', 0, 1_048_576),
  }
  if (options.guests + options.vms === 0) throw new SoakUsageError('--guests 0 and --vms 0 leave nothing to run')
  return options
}

function valuesOf(argv: readonly string[]) {
  const text = { type: 'string' } as const
  const options = { minutes: text, guests: text, vms: text, seed: text, svg: text, pace: text, leak: text }
  try {
    return parseArgs({ args: [...argv], options }).values
  } catch (error) {
    throw new SoakUsageError(error instanceof Error ? error.message : String(error))
  }
}

function numberOf(name: string, text: string, min: number, max: number): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= min && value <= max) return value
  throw new SoakUsageError(`--${name} ${text}: expected a number from ${min} to ${max}`)
}

function wholeOf(name: string, value: number): number {
  if (Number.isInteger(value)) return value
  throw new SoakUsageError(`--${name} ${value}: expected a whole number`)
}
