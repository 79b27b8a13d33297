import fc from 'fast-check'
import { CONFIDENCES, VCPU_MAP_KINDS } from '../../../src/index.ts'
import { acts } from '../../stories/domain-over-simulated-vm/acts.ts'
import { hostileText } from './hostile.ts'
import type { ChangeHow, Execute, Operation, Run, Step } from './operation.ts'

const id = fc.nat({ max: 15 })
const ids = fc.array(id, { minLength: 1, maxLength: 3 })
const count = fc.nat({ max: 16 })
const timeoutMs = fc.constantFrom(5, 40, 300, 2_000, 10_000, 30_000)
const soon = fc.oneof(
  { weight: 7, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 5, 30, 500) },
)
const guest = fc.boolean()

function named<O extends Operation['op']>(op: O): fc.Arbitrary<O> {
  return fc.constant(op)
}

const how: fc.Arbitrary<ChangeHow> = fc.record({
  guest,
  rollback: fc.boolean(),
  wholeSlot: fc.constantFrom(true, true, false),
  leastConfidence: fc.constantFrom(...CONFIDENCES),
  rollbackTimeoutMs: fc.constantFrom(undefined, undefined, 50, 1_000),
  stepMs: fc.constantFrom(undefined, undefined, undefined, undefined, 0, 20, 500),
})

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: named('getVcpuMap'), kind: fc.constantFrom(...VCPU_MAP_KINDS) }) },
  { weight: 1, arbitrary: fc.record({ op: named('getVcpuMaps') }) },
  { weight: 1, arbitrary: fc.record({ op: named('getGuestMaps') }) },
  { weight: 1, arbitrary: fc.record({ op: named('exportLayout') }) },
  { weight: 1, arbitrary: fc.record({ op: named('applyLayout'), id }) },
  { weight: 2, arbitrary: fc.record({ op: named('doctor') }) },
  { weight: 2, arbitrary: fc.record({ op: named('vcpus'), guest, takesGuestErrors: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: named('guestCpuToVcpu'), id }) },
  { weight: 1, arbitrary: fc.record({ op: named('plan'), count, guest }) },
  { weight: 6, arbitrary: fc.record({ op: named('setVcpuState'), id, online: fc.boolean(), how }) },
  { weight: 2, arbitrary: fc.record({ op: named('setVcpuStates'), ids, online: fc.boolean(), how }) },
  { weight: 2, arbitrary: fc.record({ op: named('scale'), count, how }) },
  { weight: 2, arbitrary: fc.record({ op: named('setGuestVcpuState'), id, online: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: named('setGuestVcpuStates'), ids, online: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ op: named('scaleGuest'), count }) },
  { weight: 1, arbitrary: fc.record({ op: named('follow') }) },
  { weight: 1, arbitrary: fc.record({ op: named('look') }) },
  { weight: 1, arbitrary: fc.record({ op: named('close') }) },
  { weight: 1, arbitrary: fc.record({ op: named('wait'), ms: fc.constantFrom(1, 40, 1_000, 5_000) }) },
  { weight: 1, arbitrary: fc.record({ op: named('act'), act: fc.constantFrom(...Object.keys(acts)), any: id }) },
)

/** Some calls of a Domain, one after the other or side by side. */
export const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.record({
    do: operation,
    timeoutMs,
    abortAfterMs: soon,
    isBeside: fc.constantFrom(false, false, true),
  }),
  { minLength: 1, maxLength: 6 },
)

const flag = (name: string): fc.Arbitrary<readonly string[]> => fc.constantFrom([], [], [name])
const words = (...parts: readonly (string | fc.Arbitrary<string | readonly string[]>)[]): fc.Arbitrary<string[]> =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((all) => all.flatMap((part) => (typeof part === 'string' ? [part] : [...part])))
const onOff = fc.constantFrom('on', 'off')
const idList = fc.oneof(id.map(String), fc.constantFrom('1-3', '2,4', '0-7,^1', '99', '-1', '5-3'))

const argv: fc.Arbitrary<readonly string[]> = fc.oneof(
  words('map'),
  words('list'),
  words('doctor'),
  words('export', flag('--apply')),
  words('watch'),
  words('set', idList, onOff, flag('--whole-slot'), flag('--guest'), flag('--rollback')),
  words('set', id.map(String), onOff, '--guest', flag('--rollback'), fc.constantFrom(['--confidence', 'assumed'], [])),
  words('guest-set', idList, onOff),
  words('scale', count.map(String), flag('--guest'), flag('--rollback'), flag('--dry-run')),
  words('guest-scale', count.map(String)),
)

const notALayout = fc.oneof(
  hostileText,
  hostileText.map((text) => JSON.stringify({ smp: { cpus: 1, maxcpus: 8 }, online: '0-1', devices: [{ id: text }] })),
  fc.json(),
)

/** Runs of the command, one after the other. */
export const runs: fc.Arbitrary<readonly Run[]> = fc.array(
  fc.record({
    argv,
    layout: fc.oneof({ weight: 6, arbitrary: id }, { weight: 1, arbitrary: notALayout }),
    timeoutMs: fc.constantFrom(undefined, undefined, undefined, 5, 60, 600, 5_000),
    json: fc.boolean(),
    isTerminal: fc.constantFrom(false, false, true),
    hasAgent: fc.constantFrom(true, true, false),
    interruptAfterMs: soon,
  }),
  { minLength: 1, maxLength: 2 },
)

type Asked = readonly [command: string, args?: Readonly<Record<string, unknown>>]

function executes(asked: readonly Asked[]): fc.Arbitrary<readonly Execute[]> {
  return fc
    .array(
      fc.record({
        what: fc.constantFrom(...asked),
        timeoutMs,
        abortAfterMs: soon,
        isBeside: fc.boolean(),
      }),
      { minLength: 1, maxLength: 6 },
    )
    .map((all) => all.map(({ what: [command, args], ...rest }) => ({ command, arguments: args, ...rest })))
}

const CPU = { driver: 'qemu64-x86_64-cpu', id: 'cpu3', 'socket-id': 0, 'core-id': 3, 'thread-id': 0 }

/** Commands on a client of the monitor. */
export const monitorExecutes = executes([
  ['query-cpus-fast'],
  ['query-hotpluggable-cpus'],
  ['query-status'],
  ['query-version'],
  ['no-such-command'],
  ['qom-get', { path: '/machine', property: 'type' }],
  ['device_add', CPU],
  ['device_del', { id: 'cpu3' }],
  ['qom-list', { '\u001b': '\u2028' }],
])

/** Commands on a client of the agent. */
export const agentExecutes = executes([
  ['guest-ping'],
  ['guest-info'],
  ['guest-get-vcpus'],
  ['guest-get-osinfo'],
  ['no-such-command'],
  ['guest-file-open', { path: '/sys/devices/system/cpu/present' }],
  ['guest-set-vcpus', { vcpus: [{ 'logical-id': 1, online: false }] }],
  [
    'guest-set-vcpus',
    {
      vcpus: [
        { 'logical-id': 1, online: true },
        { 'logical-id': 77, online: true },
      ],
    },
  ],
])
