import { parseArgs, type ParseArgsConfig } from 'node:util'
import { quote } from '../index.ts'
import { didYouMean } from './did-you-mean.ts'
import { usageError } from './errors.ts'
import { ALL_OPTIONS } from './options.ts'

/** A command line taken apart; nothing in it has been looked into yet. */
export interface CommandLine {
  /** The verb and its operands. */
  readonly words: readonly string[]
  /** The options given, by name: their text, or `true` for one without a value. Of one given twice the last counts. */
  readonly options: ReadonlyMap<string, string | true>
}

/** `-1`, `-1.5`: a bad id, to be told as one, and no option. */
const NEGATIVE_NUMBER = /^-[\d.]/

const OPTIONS: NonNullable<ParseArgsConfig['options']> = {
  ...Object.fromEntries(Object.entries(ALL_OPTIONS).map(([name, { type }]) => [name, { type }])),
  help: { type: 'boolean', short: 'h' },
}

/**
 * Whether `--json` was asked for: known even of a command line that is wrong otherwise, since what is wrong with it is
 * then to be told in JSON too.
 */
export function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end === -1 ? argv.length : end).some((arg) => arg === '--json' || arg.startsWith('--json='))
}

/**
 * Take a command line apart.
 *
 * @throws {@link InputError} `ERR_USAGE` for an option that no verb has, without its value, or with one that it does not take
 */
export function splitCommandLine(argv: readonly string[]): CommandLine {
  const { tokens } = parseArgs({
    args: [...argv],
    options: OPTIONS,
    // Strict parsing would take -1 for an option and word its own errors.
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const words: string[] = []
  const options = new Map<string, string | true>()
  let lastNumberAt = -1
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    if (token.kind !== 'option') continue
    const arg = argv[token.index] ?? ''
    if (NEGATIVE_NUMBER.test(arg)) {
      // -12 is two tokens, 1 and 2.
      if (token.index !== lastNumberAt) words.push(arg)
      lastNumberAt = token.index
    } else {
      options.set(token.name, valueOf(token.name, token.rawName, token.value, token.inlineValue ?? false))
    }
  }
  return { words, options }
}

function valueOf(name: string, rawName: string, value: string | undefined, isInline: boolean): string | true {
  const option = Object.hasOwn(ALL_OPTIONS, name) ? ALL_OPTIONS[name] : undefined
  if (option === undefined) {
    const known = Object.keys(ALL_OPTIONS).map((other) => `--${other}`)
    throw usageError(`there is no option ${quote(rawName)}${didYouMean(rawName, known)}`)
  }
  if (option.type === 'boolean') {
    if (value === undefined) return true
    throw usageError(`${rawName} takes no value, and was given ${quote(value)}`)
  }
  // What looks like the next option is not meant as a value; a path that does can be written --qmp=--path.
  if (value !== undefined && (isInline || !value.startsWith('--'))) return value
  throw usageError(`${rawName} needs a value: ${rawName} ${option.value ?? 'VALUE'}`)
}
