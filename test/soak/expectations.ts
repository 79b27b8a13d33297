import { VcpuError, type AnyVcpuError } from '../../src/index.ts'

type ErrorName = AnyVcpuError['name']

/** What happens to a VM, or is asked of a call, besides the call itself. */
export type Trouble =
  | 'none'
  /** The caller aborts. */
  | 'abort'
  /** The caller gives it next to no time. */
  | 'hasty'
  /** The monitor's connection ends. */
  | 'cut'
  /** Another client takes the monitor. */
  | 'held'
  /** A reply is lost, or the connection with it. */
  | 'lost-reply'
  | 'agent-restart'
  | 'agent-stopped'
  | 'reset'
  /** Another QEMU takes the place of this one. */
  | 'restart'
  | 'paused'
  | 'guest-refuses'
  | 'guest-ignores'
  /** The guest acknowledges a plug and never lists the vCPU. */
  | 'guest-pretends'
  /** Another client plugs and unplugs too. */
  | 'rival'

/** What a machine or a guest refuses as it should, whatever else happens. */
const REFUSALS: readonly ErrorName[] = ['RefusedError', 'NotReachableError']
/** What a change of several steps, or through the guest, makes of the error of one of them. */
const COMPOSED: readonly ErrorName[] = ['GuestChangeError', 'GuestScaleError', 'ScaleError', 'PartialChangeError']
const LINE: readonly ErrorName[] = [...COMPOSED, 'ConnectionError', 'TimeoutError', 'NotConfirmedError', 'CommandError']

const EXPECTED: Readonly<Record<Trouble, readonly ErrorName[]>> = {
  none: [],
  abort: [...COMPOSED, 'AbortError'],
  hasty: [...COMPOSED, 'TimeoutError', 'ConnectionError'],
  cut: LINE,
  held: LINE,
  'lost-reply': LINE,
  'agent-restart': LINE,
  'agent-stopped': LINE,
  reset: [...LINE, 'GuestRefusedError'],
  restart: LINE,
  paused: [...COMPOSED, 'TimeoutError', 'ConnectionError'],
  'guest-refuses': [...COMPOSED, 'GuestRefusedError'],
  'guest-ignores': [...COMPOSED, 'TimeoutError'],
  'guest-pretends': [...COMPOSED, 'TimeoutError'],
  rival: [...COMPOSED, 'CommandError', 'NotConfirmedError', 'GuestRefusedError'],
}

/** Errors that say that this package, or what it speaks to, is broken: never to be seen, as a cause neither. */
const NEVER: readonly string[] = [
  'ContradictionError',
  'ExecutorError',
  'InputError',
  'LimitError',
  'OverflowError',
  'ProtocolError',
]

/**
 * What is wrong with the way in which a call failed: `undefined` where it is one of the ways in which it may.
 *
 * @param reason - what the caller aborted with, which is what an aborted read rejects with
 */
export function faultOfError(error: unknown, trouble: Trouble, reason?: unknown): string | undefined {
  if (reason !== undefined && error === reason) return undefined
  if (!(error instanceof VcpuError))
    return `rejected with something else than an error of the package: ${wordsOf(error)}`
  const broken = causesOf(error).find((cause) => !isSound(cause, reason))
  if (broken !== undefined) return `rejected because of ${wordsOf(broken)}`
  const names: readonly string[] = [...REFUSALS, ...EXPECTED[trouble]]
  if (names.includes(error.name)) return undefined
  // A time that is up while the agent is being synced with is told in other words.
  if (names.includes('TimeoutError') && error.code === 'ERR_NO_AGENT_ANSWER') return undefined
  return `rejected as it should not where the trouble is '${trouble}': ${wordsOf(error)}`
}

/** The error and its causes. */
function causesOf(error: unknown): readonly unknown[] {
  const causes: unknown[] = []
  for (
    let each = error;
    each !== undefined && !causes.includes(each);
    each = each instanceof Error ? each.cause : undefined
  ) {
    causes.push(each)
  }
  return causes
}

function isSound(cause: unknown, reason: unknown): boolean {
  if (cause === reason) return true
  if (!(cause instanceof Error)) return false
  // A system error (ECONNRESET) is what a connection ends by.
  return cause instanceof VcpuError ? !NEVER.includes(cause.name) : 'code' in cause && 'syscall' in cause
}

function wordsOf(error: unknown): string {
  if (error instanceof VcpuError)
    return `${error.name} ${error.code} (${error.outcome ?? 'no outcome'}): ${error.message}`
  return error instanceof Error
    ? (error.stack ?? error.message).split('\n').slice(0, 4).join(' ')
    : JSON.stringify(error)
}
