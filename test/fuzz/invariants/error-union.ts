import { VcpuError, type AnyVcpuError } from '../../../src/index.ts'

const LOST = [
  'ERR_CONNECT',
  'ERR_MONITOR_BUSY',
  'ERR_PROCESS_STOPPED',
  'ERR_MONITOR_HANGS',
  'ERR_NO_RUNTIME_MONITOR',
  'ERR_NOT_QMP',
  'ERR_NOT_AGENT',
  'ERR_NO_AGENT_ANSWER',
  'ERR_CONNECTION_LOST',
  'ERR_CLOSED',
] as const
const REFUSED = [
  'ERR_NO_SUCH_VCPU',
  'ERR_PART_OF_SLOT',
  'ERR_NOT_OFFLINABLE',
  'ERR_NOT_ONLINABLE',
  'ERR_NO_HOTPLUG',
  'ERR_NO_X2APIC',
  'ERR_REMOVAL_PENDING',
  'ERR_UNSURE',
  'ERR_LAYOUT',
] as const

type Codes = { readonly [N in AnyVcpuError['name']]: readonly Extract<AnyVcpuError, { name: N }>['code'][] | 'any' }

/** The codes of each class that a VM can be the reason of; `any`: the class takes the code of what ended it. */
const CODES: Codes = {
  AbortError: ['ERR_ABORTED'],
  CommandError: ['ERR_COMMAND'],
  ConnectionError: LOST,
  ContradictionError: ['ERR_CONTRADICTION'],
  ExecutorError: [],
  GuestChangeError: 'any',
  GuestRefusedError: ['ERR_GUEST_REFUSED'],
  GuestScaleError: ['ERR_SCALE_INCOMPLETE'],
  InputError: [
    'ERR_CPU_ID',
    'ERR_COUNT',
    'ERR_NO_AGENT',
    'ERR_ARGUMENTS',
    'ERR_OOB',
    'ERR_CPU_MAP',
    'ERR_USAGE',
    'ERR_LAYOUT',
  ],
  LimitError: ['ERR_TOO_MANY_PENDING', 'ERR_TOO_MUCH_UNSENT'],
  NotConfirmedError: ['ERR_NOT_CONFIRMED'],
  NotReachableError: ['ERR_NOT_REACHABLE'],
  OverflowError: ['ERR_EVENT_OVERFLOW'],
  PartialChangeError: ['ERR_PARTIAL'],
  ProtocolError: [
    'ERR_PROTOCOL',
    'ERR_MESSAGE_TOO_LARGE',
    'ERR_MESSAGE_TOO_COMPLEX',
    'ERR_MESSAGE_TOO_SLOW',
    'ERR_TOO_MUCH_JUNK',
    'ERR_TOO_MANY_VCPUS',
  ],
  RefusedError: REFUSED,
  ScaleError: ['ERR_SCALE_INCOMPLETE'],
  TimeoutError: ['ERR_TIMEOUT'],
}

/** Is it one of this package's errors, with a code of its class? What else is a fault. */
export function faultOfClass(error: unknown): string | undefined {
  if (!(error instanceof VcpuError)) return `it rejected with ${describe(error)}, which is not an error of this package`
  if (!isName(error.name)) return `its ${error.name} is not in AnyVcpuError`
  const codes: readonly string[] | 'any' = CODES[error.name]
  const isKnown = codes === 'any' ? /^ERR_[A-Z]+/.test(error.code) : codes.includes(error.code)
  return isKnown ? undefined : `a ${error.name} has the code ${error.code}: ${error.message}`
}

function isName(name: string): name is AnyVcpuError['name'] {
  return Object.hasOwn(CODES, name)
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.stack ?? error.message}` : JSON.stringify(error)
}
