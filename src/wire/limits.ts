import { MAX_TIMEOUT_MS } from './call-options.ts'
import {
  DIAL_TIMEOUT_MS,
  QGA_COMMAND_TIMEOUT_MS,
  QGA_SYNC_TIMEOUT_MS,
  QMP_COMMAND_TIMEOUT_MS,
  QMP_CONNECT_TIMEOUT_MS,
  UNFINISHED_LINE_TIMEOUT_MS,
} from './defaults.ts'

/** Which peer a connection leads to: QEMU's monitor, or the agent, which runs inside the guest. */
export type Peer = 'qmp' | 'qga'

/** One row of a table of limits; docs/limits.md is made from them. */
export interface LimitRow {
  readonly meaning: string
  readonly unit: 'bytes' | 'ms' | 'count'
  /** What happens when it is passed. */
  readonly passed: string
  /** The default for QEMU's monitor; `undefined` where the monitor has no such limit. */
  readonly qmp: number | undefined
  /** The same for the agent. */
  readonly qga: number | undefined
  readonly min: number
  readonly max: number
}

const KIB = 1_024
const MIB = 1_024 * KIB
/** The longest message that can be asked for, in bytes: half of what one string of V8 holds. */
const MOST_MESSAGE_BYTES = 256 * MIB
const MOST_BYTES = 4_096 * MIB
const MOST = 1_000_000_000

const closes = (code: string): string =>
  `\`${code}\`: the connection is closed and every call on it ends as \`unknown\``
const refuses =
  '`ERR_MESSAGE_TOO_COMPLEX`: the call that the message answers ends as `unknown`, before anything is made of the message'
const rejects = (code: string): string => `\`${code}\`: the new call rejects as \`not-sent\``

/** How much a connection may cost: its memory, its share of the event loop, and its time. */
export interface WireLimits {
  /** Longest message, in bytes. */
  readonly messageBytes: number
  /** Most objects and arrays within one another, in one message. */
  readonly depth: number
  /** Most values in one message; an empty object or array counts as two, a string or a long number as four. */
  readonly elements: number
  /** Most different sequences of member names in one message. */
  readonly shapes: number
  /** Longest string in one message, in bytes as they are written. */
  readonly stringBytes: number
  /** Most events that a reader of `events()` has not read yet. */
  readonly events: number
  /** Most bytes of such events. */
  readonly eventBytes: number
  /** Most commands that wait for their turn or for an answer. */
  readonly pending: number
  /** Bytes that the peer has not taken yet, beyond which no further command is sent. */
  readonly unsentBytes: number
  /** Most bytes of messages in a row that answer nothing. */
  readonly junkBytes: number
  /** How long a socket may take to be connected, in milliseconds. */
  readonly dialMs: number
  /** How long connecting, the greeting and the negotiation may take together, where the call has no `timeoutMs`. */
  readonly greetingMs: number
  /** How long the agent may take to answer a sync (within the `timeoutMs` of the call). */
  readonly syncMs: number
  /** How long a command may take, where the call has no `timeoutMs`. */
  readonly commandMs: number
  /** How long a message may take from its first byte to its last, in milliseconds. */
  readonly lineMs: number
}

/** Every limit of a connection. */
export const WIRE_LIMITS = {
  messageBytes: {
    meaning:
      'Longest message. That of the agent: `guest-get-vcpus` of 65,536 vCPUs. That of the monitor: twenty times the reply for 4,096 slots.',
    unit: 'bytes',
    passed:
      '`ERR_MESSAGE_TOO_LARGE`: the call that the message answers ends as `unknown`, and the message is passed over. The connection is closed where it has no end ' +
      'after four times as many bytes, and where no call can be named: a greeting, or a message over several lines',
    qmp: 32 * MIB,
    qga: 4 * MIB,
    min: 1,
    max: MOST_MESSAGE_BYTES,
  },
  depth: {
    meaning: 'Most objects and arrays within one another, in one message.',
    unit: 'count',
    passed: refuses,
    qmp: 1_024,
    qga: 64,
    min: 1,
    max: 100_000,
  },
  elements: {
    meaning:
      'Most values in one message; an empty object or array counts as two, a string or a long number as four. 65,536 vCPUs of the guest are 262,148.',
    unit: 'count',
    passed: refuses,
    qmp: 8_000_000,
    qga: 270_000,
    min: 1,
    max: MOST,
  },
  shapes: {
    meaning:
      'Most different sequences of member names in one message: `{"a":1,"b":2}` has two (`a`, and `a` before `b`), however often it comes.',
    unit: 'count',
    passed: refuses,
    qmp: 16_384,
    qga: 256,
    min: 1,
    max: 1_000_000,
  },
  stringBytes: {
    meaning:
      'Longest string in one message, as it is written. That of the agent is base64 of 1.5 MiB; this package asks for 1 MiB at most.',
    unit: 'bytes',
    passed: refuses,
    qmp: 32 * MIB,
    qga: 2 * MIB,
    min: 1,
    max: MOST_MESSAGE_BYTES,
  },
  events: {
    meaning: 'Most events that a reader of `events()` has not read yet.',
    unit: 'count',
    passed: '`ERR_EVENT_OVERFLOW`: that one stream ends',
    qmp: 1_024,
    qga: undefined,
    min: 1,
    max: 1_000_000,
  },
  eventBytes: {
    meaning: 'Most bytes of such events, as they came.',
    unit: 'bytes',
    passed: '`ERR_EVENT_OVERFLOW`: that one stream ends',
    qmp: 16 * MIB,
    qga: undefined,
    min: 1,
    max: MOST_BYTES,
  },
  pending: {
    meaning: 'Most commands that wait for their turn or for an answer.',
    unit: 'count',
    passed: rejects('ERR_TOO_MANY_PENDING'),
    qmp: 16_384,
    qga: 16_384,
    min: 1,
    max: 1_000_000,
  },
  unsentBytes: {
    meaning: 'Bytes that the peer has not taken yet. With as many or more no further command is sent.',
    unit: 'bytes',
    passed: rejects('ERR_TOO_MUCH_UNSENT'),
    qmp: 16 * MIB,
    qga: 16 * MIB,
    min: 1,
    max: MOST_BYTES,
  },
  junkBytes: {
    meaning:
      'Most bytes of messages in a row that answer nothing and are not events. Unless given, twice `messageBytes`.',
    unit: 'bytes',
    passed: closes('ERR_TOO_MUCH_JUNK'),
    qmp: 64 * MIB,
    qga: 8 * MIB,
    min: 1,
    max: MOST_BYTES,
  },
  dialMs: {
    meaning: 'How long a socket may take to be connected (within the `timeoutMs` of the call).',
    unit: 'ms',
    passed: '`ERR_CONNECT`',
    qmp: DIAL_TIMEOUT_MS,
    qga: DIAL_TIMEOUT_MS,
    min: 1,
    max: MAX_TIMEOUT_MS,
  },
  greetingMs: {
    meaning:
      'How long connecting, the greeting and the negotiation may take together, where the call has no `timeoutMs`.',
    unit: 'ms',
    passed: '`ERR_MONITOR_BUSY`, `ERR_PROCESS_STOPPED`, `ERR_MONITOR_HANGS`, `ERR_NOT_QMP` or `ERR_CONNECT`',
    qmp: QMP_CONNECT_TIMEOUT_MS,
    qga: undefined,
    min: 1,
    max: MAX_TIMEOUT_MS,
  },
  syncMs: {
    meaning: 'How long the agent may take to answer a sync (within the `timeoutMs` of the call).',
    unit: 'ms',
    passed: '`ERR_NO_AGENT_ANSWER`: the call rejects as `not-sent`',
    qmp: undefined,
    qga: QGA_SYNC_TIMEOUT_MS,
    min: 1,
    max: MAX_TIMEOUT_MS,
  },
  commandMs: {
    meaning: "How long a command may take, where the call has no `timeoutMs`; the agent's with its turn and its sync.",
    unit: 'ms',
    passed: '`ERR_TIMEOUT`: the call ends as `unknown`',
    qmp: QMP_COMMAND_TIMEOUT_MS,
    qga: QGA_COMMAND_TIMEOUT_MS,
    min: 1,
    max: MAX_TIMEOUT_MS,
  },
  lineMs: {
    meaning: 'How long a message may take from its first piece to its last.',
    unit: 'ms',
    passed: closes('ERR_MESSAGE_TOO_SLOW'),
    qmp: UNFINISHED_LINE_TIMEOUT_MS,
    qga: UNFINISHED_LINE_TIMEOUT_MS,
    min: 1,
    max: MAX_TIMEOUT_MS,
  },
} as const satisfies Readonly<Record<string, LimitRow>>

/**
 * Messages that are shorter than this are not counted: their bytes alone bound what they cost (docs/limits.md has the
 * figures). The agent's are counted early, since the guest's owner may be hostile; the monitor's late, since counting would
 * cost a large honest reply more than it protects from.
 */
export const COUNTED_FROM_BYTES: Readonly<Record<Peer, number>> = { qmp: 4 * MIB, qga: 16 * KIB }

/** Bytes of messages that are read in one turn of the event loop, by all connections together. */
export const TURN_BYTES = 64 * KIB

/**
 * How a message of an agent is read once it is longer than a turn: a piece, and then so many turns of the event loop without
 * one; and as many before each step when it is whole. Those are the turns of other VMs, most of whose replies take two; where
 * nothing else happens they take microseconds.
 */
export const TURNS_BETWEEN_PIECES = 8

/** A limit of the domain, which is not one of a single connection. */
export interface DomainLimitRow {
  readonly name: string
  readonly meaning: string
  readonly unit: string
  readonly usual: number
  readonly passed: string
  /** How it is set; `undefined` where it cannot be. */
  readonly option: string | undefined
}

/** Those of the domain, which reads the maps and follows the events. */
export const DOMAIN_LIMITS: readonly DomainLimitRow[] = [
  {
    name: 'ids',
    meaning: 'vCPU ids of QEMU, and CPU ids of the guest: 0 to 65,535. Lists of the guest have no more entries.',
    unit: 'count',
    usual: 65_536,
    passed: '`ERR_CPU_ID` for an argument, `ERR_PROTOCOL` for a reply',
    option: undefined,
  },
  {
    name: 'vCPUs',
    meaning:
      'vCPUs that QEMU lists, CPUs that the agent lists, and one more than the highest id of either. 1 to 65,536.',
    unit: 'count',
    usual: 65_536,
    passed: '`ERR_TOO_MANY_VCPUS`: the call that read them rejects',
    option: 'limits.maxVcpus',
  },
  {
    name: 'hints',
    meaning:
      'Readings of the slots in a second that events of QEMU cause, in the long run; as many may come at once. A guest can cause events without end. 1 to 100. After each, four times what it took must pass, except before the one that ends an unplug.',
    unit: 'count',
    usual: 20,
    passed: 'further events share the next reading',
    option: 'limits.maxHintsPerSecond',
  },
]
