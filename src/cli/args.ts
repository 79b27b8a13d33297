import { quote, type SocketAddress } from '../index.ts'
import { parseAddress } from './address.ts'
import { splitCommandLine, type CommandLine } from './command-line.ts'
import { agentMissing, usageError } from './errors.ts'
import { parseTimeoutMs } from './operands.ts'
import { COMMON_OPTIONS } from './options.ts'
import type { Verb, VerbRun } from './verb.ts'
import { VERBS } from './verbs/index.ts'

/** How to reach the VM, as `Domain.connect` takes it. */
export interface Target {
  readonly qmp: SocketAddress
  readonly qga?: SocketAddress
  readonly timeoutMs?: number
}

/** What the command is asked to do. */
export type Request =
  | { readonly kind: 'help'; readonly verb: Verb | undefined }
  | { readonly kind: 'version' }
  | {
      readonly kind: 'run'
      readonly verb: Verb
      readonly run: VerbRun
      readonly changes: boolean
      readonly target: Target
    }

/**
 * Read and check a whole command line, before anything is connected.
 *
 * @param argv - without the interpreter and the script
 * @throws {@link InputError} for wrong usage, which includes ids, states and addresses that cannot be
 */
export function readRequest(argv: readonly string[]): Request {
  const line = splitCommandLine(argv)
  const [word, ...operands] = line.words
  if (word === 'help') return { kind: 'help', verb: helpTopic(operands) }
  if (line.options.has('help')) return { kind: 'help', verb: word === undefined ? undefined : findVerb(word) }
  if (line.options.has('version')) return { kind: 'version' }
  if (word === undefined) throw usageError(`no verb given, expected one of ${verbNames()}`)
  const verb = findVerb(word)
  if (verb.needsAgent && !line.options.has('qga')) throw agentMissing(verb.name)
  const run = verb.prepare({ operands, options: ownOptions(verb, line), hasAgent: line.options.has('qga') })
  const changes = verb.changes && !line.options.has('dry-run')
  return { kind: 'run', verb, run, changes, target: readTarget(verb, line) }
}

function helpTopic(operands: readonly string[]): Verb | undefined {
  const [word, extra] = operands
  if (extra !== undefined) throw usageError(`help: ${quote(extra)} is one operand too many`)
  return word === undefined ? undefined : findVerb(word)
}

function findVerb(word: string): Verb {
  const verb = VERBS.find(({ name }) => name === word)
  if (verb === undefined) throw usageError(`${quote(word)} is no verb, expected one of ${verbNames()}`)
  return verb
}

function verbNames(): string {
  return VERBS.map(({ name }) => name).join(', ')
}

/** What was given of the verb's own options. */
function ownOptions(verb: Verb, line: CommandLine): ReadonlyMap<string, string | true> {
  const own = [...line.options].filter(([name]) => !Object.hasOwn(COMMON_OPTIONS, name))
  const stray = own.find(([name]) => !Object.hasOwn(verb.options, name))
  if (stray !== undefined) throw usageError(`${verb.name} does not take --${stray[0]}`, verb.name)
  return new Map(own)
}

function readTarget(verb: Verb, line: CommandLine): Target {
  const qmp = readAddress(line, 'qmp')
  const qga = readAddress(line, 'qga')
  const timeout = line.options.get('timeout')
  if (qmp === undefined)
    throw usageError(`${verb.name} needs --qmp PATH|HOST:PORT, where QEMU's monitor listens`, verb.name)
  return {
    qmp,
    ...(qga === undefined ? {} : { qga }),
    ...(typeof timeout === 'string' ? { timeoutMs: parseTimeoutMs(timeout) } : {}),
  }
}

function readAddress(line: CommandLine, option: string): SocketAddress | undefined {
  const text = line.options.get(option)
  return typeof text === 'string' ? parseAddress(text) : undefined
}
