// What must hold of each run of the command.
import type { Outcome } from '../../../src/index.ts'
import { isObject } from '../../../src/wire/message.ts'
import { faultOfOutcome } from '../../stories/domain-over-simulated-vm/invariants/outcome.ts'
import type { Run } from '../plan/operation.ts'
import type { Exchange } from '../subject/exchange.ts'
import { faultOfLines } from './text.ts'

/** What a run has printed, and how it ended. */
export interface CommandRun {
  code: number
  stdout: string
  stderr: string
}

const LOST =
  /^ERR_(CONNECT|MONITOR_BUSY|PROCESS_STOPPED|MONITOR_HANGS|NOT_QMP|NOT_AGENT|NO_AGENT_ANSWER|CONNECTION_LOST|CLOSED)$/
const USAGE =
  /^ERR_(USAGE|ADDRESS|CPU_ID|CPU_LIST|CPU_MAP|STATE|COUNT|POLICY|CONFIDENCE|LAYOUT|NO_AGENT|NO_MONITOR|TIMEOUT_RANGE)$/
/** Errors of changes in several parts: the exit code is that of what ended them. */
const IN_PARTS =
  /^ERR_(SCALE_INCOMPLETE|GUEST_\w+|UNSURE|TIMEOUT|CONNECTION_LOST|COMMAND|ABORTED|PARTIAL|NOT_CONFIRMED)$/
const OUTCOMES: readonly string[] = ['not-sent', 'rejected', 'partial', 'unknown']

/** What is wrong with a run; `undefined` when nothing is. */
export function faultOfRun(run: Run, printed: CommandRun, exchange: Exchange, isLiedTo: boolean): string | undefined {
  const { json, isTerminal, argv } = run
  const { code, stdout, stderr } = printed
  if (exchange.end?.state === 'failed') return `it rejected with ${String(exchange.end.error)}`
  if (![0, 1, 2, 3, 4].includes(code)) return `its exit code is ${code}`
  const text = faultOfLines('stdout', stdout, isTerminal && !json) ?? faultOfLines('stderr', stderr, isTerminal)
  if (text !== undefined) return text
  if (argv[0] === 'watch') return json ? faultOfStream(stdout) : undefined
  if (code !== 0 && !stderr.includes('qemu-vcpu: '))
    return `exit code ${code}, and stderr says ${JSON.stringify(stderr)}`
  return json ? faultOfDocument(printed, exchange, isLiedTo) : faultOfSuccess(code, exchange, isLiedTo)
}

function faultOfStream(stdout: string): string | undefined {
  const lines = stdout.split('\n').filter((line) => line !== '')
  const bad = lines.find((line) => !isObject(parsed(line)))
  return bad === undefined ? undefined : `it printed ${JSON.stringify(bad.slice(0, 200))}`
}

function faultOfDocument({ code, stdout }: CommandRun, exchange: Exchange, isLiedTo: boolean): string | undefined {
  const document = parsed(stdout)
  if (!isObject(document) || !/^[^\n]*\n$/.test(stdout))
    return `its stdout is not one document: ${stdout.slice(0, 300)}`
  const { error } = document
  if (error === undefined) {
    return code === 0 ? faultOfSuccess(code, exchange, isLiedTo) : `exit code ${code}, and no error is in its document`
  }
  if (!isObject(error)) return `its error is ${JSON.stringify(error)}`
  const { code: errorCode, outcome } = error
  if (typeof errorCode !== 'string' || errorCode === 'ERR_INTERNAL') return `its error is ${JSON.stringify(error)}`
  if (!isRight(code, errorCode)) return `exit code ${code} for ${errorCode} (${String(outcome)})`
  if (typeof outcome !== 'string' || !OUTCOMES.includes(outcome)) return `its outcome is ${JSON.stringify(outcome)}`
  const { call } = exchange
  if (call === undefined) return outcome === 'not-sent' ? undefined : `it only reads, and its outcome is ${outcome}`
  if (outcome === 'not-sent' && call.sent.length > 0) return `${errorCode} is not-sent, and something was sent`
  if (isLiedTo) return undefined
  const fault = faultOfOutcome(call, outcome as Outcome)
  return fault === undefined ? undefined : `${errorCode}, outcome ${outcome}: ${fault}`
}

function isRight(code: number, errorCode: string): boolean {
  if (USAGE.test(errorCode)) return code === 2
  if (errorCode === 'ERR_SCALE_INCOMPLETE' || IN_PARTS.test(errorCode)) {
    if (errorCode === 'ERR_TIMEOUT') return code === 4 || code === 1
    if (errorCode === 'ERR_CONNECTION_LOST') return code === 3 || code === 1
    return [1, 3, 4].includes(code)
  }
  return LOST.test(errorCode) ? code === 3 : code === 1
}

function faultOfSuccess(code: number, { call }: Exchange, isLiedTo: boolean): string | undefined {
  if (code !== 0 || call === undefined || isLiedTo) return undefined
  return call.sawWanted || call.wish.kind === 'states' ? undefined : 'exit code 0, and it was never so'
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
