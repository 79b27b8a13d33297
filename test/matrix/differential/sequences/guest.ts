import { command, session, type Sequence, type Step } from '../sequence.ts'

const SYS = '/sys/devices/system/cpu'
const CPUS = command('query-cpus-fast')
const STATUS = command('query-status')
const plug = (id: number, more: object = { id: `v${id}` }): string =>
  command('device_add', { driver: 'qemu64-x86_64-cpu', 'core-id': id, 'socket-id': 0, 'thread-id': 0, ...more })
const unplug = (id: string): string => command('device_del', { id })
const toAgent = (execute: string, args?: object): Step => ({ agent: command(execute, args) })
const VCPUS = toAgent('guest-get-vcpus')
const turn = (...entries: readonly (readonly [number, boolean])[]): Step =>
  toAgent('guest-set-vcpus', { vcpus: entries.map(([id, online]) => ({ 'logical-id': id, online })) })
const ost = (times: number): Step => ({ event: 'ACPI_DEVICE_OST', times })
const plugged = (...more: readonly number[]): Step => ({ plugged: [0, 1, ...more] })
const listed = (count: number): Step => ({ listed: count })

/**
 * In the order in which the sequences plug them first: the guest numbers its CPUs so, and keeps the numbers until it boots
 * again.
 */
const FIRST_PLUGS = [
  2, 5, 9, 17, 33, 64, 119, 3, 7, 40, 11, 12, 100, 50, 8, 13, 21, 10, 14, 22, 15, 16, 18, 19, 23, 24, 26,
]
const LATER_PLUGS = [27, 28, 29, 30, 31, 32, 34]
/** The guest's id of a vCPU. */
const cpu = (id: number): number => 2 + [...FIRST_PLUGS, ...LATER_PLUGS].indexOf(id)

/** Plug, until the guest lists it; the nth of those that are plugged beside the first two. */
const arrive = (id: number, nth = 1): readonly Step[] => [plug(id), ost(nth), listed(2 + nth)]
/** Unplug the only one; so many words of ACPI came before. */
const leave = (name: string, before = 1): readonly Step[] => [unplug(name), ost(before + 2), plugged(), listed(2)]

const SLOTS_TRIED = [2, 5, 9, 17, 33, 64, 119]
/** Two at a time, in both orders. */
const PAIRS = [
  [3, 7],
  [7, 3],
  [2, 40],
  [40, 2],
  [11, 12],
  [100, 50],
] as const

const each = <T>(values: readonly T[], make: (value: T) => Sequence): readonly Sequence[] => values.map(make)

/** Each leaves the guest as it found it: two vCPUs, both on. */
export const guest: readonly Sequence[] = [
  session('as it has booted', CPUS, VCPUS, STATUS),
  ...each(SLOTS_TRIED, (id) =>
    session(`plug ${id}, and unplug it unused`, ...arrive(id), CPUS, VCPUS, ...leave(`v${id}`)),
  ),
  ...each(SLOTS_TRIED, (id) =>
    session(
      `plug ${id}, turn it on, unplug it running`,
      ...arrive(id),
      turn([cpu(id), true]),
      VCPUS,
      ...leave(`v${id}`),
      VCPUS,
    ),
  ),
  ...each(SLOTS_TRIED, (id) =>
    session(
      `plug ${id}, on and off, unplug it`,
      ...arrive(id),
      turn([cpu(id), true]),
      turn([cpu(id), false]),
      VCPUS,
      ...leave(`v${id}`),
    ),
  ),
  ...each(PAIRS, ([a, b]) =>
    session(
      `plug ${a} and ${b}, unplug in that order`,
      ...arrive(a),
      ...arrive(b, 2),
      VCPUS,
      CPUS,
      unplug(`v${a}`),
      ost(4),
      plugged(b),
      listed(3),
      VCPUS,
      unplug(`v${b}`),
      ost(6),
      plugged(),
      listed(2),
    ),
  ),
  ...each(PAIRS, ([a, b]) =>
    session(
      `plug ${a} and ${b}, unplug the other way round`,
      ...arrive(a),
      ...arrive(b, 2),
      turn([cpu(a), true], [cpu(b), true]),
      VCPUS,
      unplug(`v${b}`),
      ost(4),
      plugged(a),
      listed(3),
      unplug(`v${a}`),
      ost(6),
      plugged(),
      listed(2),
    ),
  ),
  ...each([8, 13, 21], (id) =>
    session(`device_del of ${id} by path`, ...arrive(id), ...leave(`/machine/peripheral/v${id}`)),
  ),
  ...each([10, 14, 22], (id) =>
    session(
      `unplug ${id} twice`,
      ...arrive(id),
      unplug(`v${id}`),
      ost(3),
      plugged(),
      listed(2),
      unplug(`v${id}`),
      unplug(`v${id}`),
    ),
  ),
  ...each([15, 16], (id) =>
    session(
      `plug ${id} while it is stopped`,
      command('stop'),
      STATUS,
      plug(id),
      CPUS,
      command('cont'),
      ost(1),
      listed(3),
      ...leave(`v${id}`),
    ),
  ),
  ...each([18, 19], (id) =>
    session(
      `unplug ${id} while it is stopped`,
      ...arrive(id),
      command('stop'),
      unplug(`v${id}`),
      CPUS,
      command('cont'),
      ost(3),
      plugged(),
      listed(2),
    ),
  ),
  ...each(['present', 'online', 'possible'], (file) =>
    session(
      `${file} with one more`,
      ...arrive(23),
      toAgent('guest-file-open', { path: `${SYS}/${file}` }),
      ...leave('v23'),
    ),
  ),
  session(
    'what is refused of a running guest',
    plug(1),
    plug(120),
    unplug('/machine/unattached/device[0]'),
    unplug('none'),
  ),
  session('the same id again while it is there', ...arrive(24), plug(25, { id: 'v24' }), ...leave('v24')),
  session('the same slot again while it is there', ...arrive(26), plug(26, { id: 'other' }), ...leave('v26')),
  session(
    'the same id again after it has gone',
    ...arrive(27),
    ...leave('v27'),
    plug(27),
    ost(4),
    listed(3),
    unplug('v27'),
    ost(6),
    plugged(),
    listed(2),
  ),
  ...each([28, 29, 30], (id) =>
    session(
      `which CPU ${id} is`,
      ...arrive(id),
      toAgent('guest-file-open', { path: `${SYS}/cpu${cpu(id)}/firmware_node/path` }),
      toAgent('guest-file-open', { path: `${SYS}/cpu${cpu(id) + 1}/firmware_node/path` }),
      ...leave(`v${id}`),
    ),
  ),
  session('CPU 1 off and on', turn([1, false]), VCPUS, turn([1, true]), VCPUS),
  session('a list with a gap', ...arrive(31), turn([cpu(31), true], [77, true], [1, false]), VCPUS, ...leave('v31')),
  session(
    'all at once',
    ...arrive(32),
    turn([1, true], [cpu(32), true]),
    VCPUS,
    turn([cpu(32), false], [1, false]),
    VCPUS,
    turn([1, true]),
    ...leave('v32'),
  ),
  session('stop and cont', command('stop'), command('stop'), STATUS, command('cont'), command('cont'), STATUS, VCPUS),
  session(
    'properties of a plugged vCPU',
    ...arrive(34),
    command('qom-get', { path: '/machine/peripheral/v34', property: 'core-id' }),
    command('qom-get', { path: '/machine/peripheral/v34', property: 'apic-id' }),
    ...leave('v34'),
  ),
  session(
    'a vCPU of the start goes by its path, for good',
    unplug('/machine/unattached/device[2]'),
    ost(2),
    { plugged: [0] },
    listed(1),
    VCPUS,
    plug(1),
    ost(3),
    listed(2),
    turn([1, true]),
    VCPUS,
    CPUS,
  ),
]
