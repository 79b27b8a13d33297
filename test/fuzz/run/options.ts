import { parseArgs } from 'node:util'
import type { Plan } from '../plan/plan.ts'
import { SHARES } from './subjects.ts'

/** How `npm run fuzz` was called. */
export interface FuzzOptions {
  /** How many exchanges there are to be, at least. */
  readonly exchanges: number
  /** How long it may go on; for ever unless given. */
  readonly minutes: number
  readonly seed: number
  /** Which subjects. */
  readonly subjects: readonly Plan['subject'][]
  /** Only the plan that failed there. */
  readonly path: string | undefined
  /** Only the plan of this file. */
  readonly planFile: string | undefined
  /** A failure does not end it. */
  readonly keepsGoing: boolean
}

export const FUZZ_USAGE = `npm run fuzz -- [--exchanges N] [--minutes M] [--seed S] [--scenario NAME] [--keep-going]
npm run fuzz -- --scenario NAME --seed S --path P     run again what a failure printed
npm run fuzz -- --plan FILE                           run one plan, as a failure printed it (JSON)
scenarios: ${Object.keys(SHARES).join(', ')}`

const DEFAULT_EXCHANGES = 20_000

/**
 * Read the command line.
 *
 * @throws an error that says what is wrong with it
 */
export function readOptions(argv: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      exchanges: { type: 'string' },
      minutes: { type: 'string' },
      seed: { type: 'string' },
      scenario: { type: 'string' },
      path: { type: 'string' },
      plan: { type: 'string' },
      'keep-going': { type: 'boolean' },
    },
  })
  const { scenario, path, plan: planFile } = values
  const subjects = subjectNames().filter((name) => scenario === undefined || name === scenario)
  if (subjects.length === 0) throw new Error(`there is no scenario ${String(scenario)}`)
  if (path !== undefined && (scenario === undefined || values.seed === undefined)) {
    throw new Error('--path requires the --scenario and the --seed that were printed with it')
  }
  return {
    exchanges: numberOf('exchanges', values.exchanges) ?? (values.minutes === undefined ? DEFAULT_EXCHANGES : Infinity),
    minutes: numberOf('minutes', values.minutes) ?? Infinity,
    seed: numberOf('seed', values.seed) ?? Date.now() % 2 ** 31,
    subjects,
    path,
    planFile,
    keepsGoing: values['keep-going'] ?? false,
  }
}

function subjectNames(): readonly Plan['subject'][] {
  return ['domain', 'command', 'watch', 'monitor', 'agent', 'sockets']
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (text !== '' && number >= 0) return number
  throw new Error(`--${name} is ${text}, expected a number`)
}
