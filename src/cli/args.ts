import { quote, systemClock, type Clock, type DomainOptions, type SocketAddress } from '../index.ts'
import { parseAddress } from './address.ts'
import { splitCommandLine, type CommandLine } from './command-line.ts'
import { completionScript } from './completion.ts'
import { didYouMean } from './did-you-mean.ts'
import { agentMissing, monitorMissing, usageError } from './errors.ts'
import { parseTimeoutMs } from './operands.ts'
import { COMMON_OPTIONS } from './options.ts'
import type { LoneRun, Target, Verb, VerbCode, VerbRun } from './verb.ts'
import { VERBS } from './verbs/index.ts'

/** The addresses that stand in for `--qmp` and `--qga`. */
const VARIABLES = { qmp: 'QEMU_VCPU_QMP', qga: 'QEMU_VCPU_QGA' } as const

/** What the command is asked to do. */
export type Request =
  | { readonly kind: 'help'; readonly verb: Verb | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'completion'; readonly script: string }
  | {
      readonly kind: 'run'
      readonly verb: Verb
      readonly run: VerbRun
      readonly explain: VerbCode['explain']
      readonly changes: boolean
      readonly target: Target
    }
  | { readonly kind: 'run-alone'; readonly run: LoneRun; readonly target: Target }

/** What says where the VM is. */
const WHERE_OPTIONS = ['qmp', 'via', 'qga'] as const

/** The environment that the command runs in. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Read and check a whole command line, before anything is connected.
 *
 * @param argv - without the interpreter and the script
 * @param clock - what the end of a program of `--via` goes by
 * @throws {@link InputError} for wrong usage, which includes ids, states and addresses that cannot be
 */
export async function readRequest(
  argv: readonly string[],
  env: Environment = {},
  clock: Clock = systemClock,
): Promise<Request> {
  const line = splitCommandLine(argv)
  const [word, ...operands] = line.words
  if (word === 'help') return { kind: 'help', verb: helpTopic(operands) }
  if (line.options.has('help')) return { kind: 'help', verb: word === undefined ? undefined : findVerb(word) }
  if (line.options.has('version')) return { kind: 'version' }
  if (word === undefined) throw usageError(`no verb given, expected one of ${verbNames().join(', ')}`)
  if (word === 'completion') return { kind: 'completion', script: completionScript(operands) }
  const verb = findVerb(word)
  const hasAgent = addressText(line, env, 'qga') !== undefined
  if (verb.needsAgent && !hasAgent) throw agentMissing(verb.name)
  const code = await verb.load()
  const whereOptions = WHERE_OPTIONS.filter((name) => line.options.has(name)).map((name) => `--${name}`)
  const given = { operands, options: ownOptions(verb, line), hasAgent, whereOptions }
  if ('prepareAlone' in code) {
    const target = readTarget(verb, line, env, clock)
    return { kind: 'run-alone', run: code.prepareAlone(given, target), target }
  }
  const { prepare, explain } = code
  const run = prepare(given)
  const changes =
    typeof verb.changes === 'string' ? line.options.has(verb.changes) : verb.changes && !line.options.has('dry-run')
  return { kind: 'run', verb, run, explain, changes, target: readTarget(verb, line, env, clock) }
}

function helpTopic(operands: readonly string[]): Verb | undefined {
  const [word, extra] = operands
  if (extra !== undefined) throw usageError(`help: ${quote(extra)} is one operand too many`)
  return word === undefined ? undefined : findVerb(word)
}

function findVerb(word: string): Verb {
  const verb = VERBS.find(({ name }) => name === word)
  if (verb !== undefined) return verb
  const expected = `expected one of ${verbNames().join(', ')}`
  throw usageError(`${quote(word)} is not a verb, ${expected}${didYouMean(word, verbNames())}`)
}

function verbNames(): readonly string[] {
  return [...VERBS.map(({ name }) => name), 'completion']
}

/** What was given of the verb's own options. */
function ownOptions(verb: Verb, line: CommandLine): ReadonlyMap<string, string | true> {
  const own = [...line.options].filter(([name]) => !Object.hasOwn(COMMON_OPTIONS, name))
  const stray = own.find(([name]) => !Object.hasOwn(verb.options, name))
  if (stray !== undefined) throw usageError(`${verb.name} does not take --${stray[0]}`, verb.name)
  return new Map(own)
}

function readTarget(verb: Verb, line: CommandLine, env: Environment, clock: Clock): Target {
  const qmp = verb.agentOnly === true ? undefined : readMonitor(verb, line, env, clock)
  const qga = readAddress(line, env, 'qga')
  const timeout = line.options.get('timeout')
  return {
    ...(qmp === undefined ? {} : { qmp }),
    ...(qga === undefined ? {} : { qga }),
    ...(typeof timeout === 'string' ? { timeoutMs: parseTimeoutMs(timeout) } : {}),
  }
}

function readMonitor(verb: Verb, line: CommandLine, env: Environment, clock: Clock): DomainOptions['qmp'] {
  const via = line.options.get('via')
  if (typeof via === 'string') {
    if (line.options.has('qmp')) throw usageError('--via and --qmp both say where the monitor is; give one', verb.name)
    if (via.trim() === '')
      throw usageError('--via is empty, expected a command whose standard input and output is the monitor')
    return async () => (await import('./via.ts')).dialProgram(via, clock)
  }
  const qmp = readAddress(line, env, 'qmp')
  if (qmp !== undefined || verb.connectsItself === true) return qmp
  throw monitorMissing(verb.name)
}

function readAddress(line: CommandLine, env: Environment, option: 'qmp' | 'qga'): SocketAddress | undefined {
  const text = addressText(line, env, option)
  return text === undefined ? undefined : parseAddress(text)
}

/** The option, or the variable that stands in for it; an empty variable is one that is not set. */
function addressText(line: CommandLine, env: Environment, option: 'qmp' | 'qga'): string | undefined {
  const given = line.options.get(option)
  if (typeof given === 'string') return given
  const inherited = env[VARIABLES[option]]
  return inherited === '' ? undefined : inherited
}
