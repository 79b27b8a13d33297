import { LOONGARCH64, PSERIES, S390X } from '../machines.ts'
import { command, session, type Sequence, type SequenceGroup } from '../sequence.ts'

const unplug = (id: unknown): string => command('device_del', { id })
const get = (path: unknown, property: unknown): string => command('qom-get', { path, property })
const SLOTS = command('query-hotpluggable-cpus')
const CPUS = command('query-cpus-fast')
const OSPM = command('query-acpi-ospm-status')
const STATUS = command('query-status')

/** What is asked of every machine. */
const asked = (bootPath: string): readonly Sequence[] => [
  session('slots', SLOTS),
  session('vCPUs', CPUS),
  session('ACPI’s last words', OSPM),
  session('accelerators', command('query-kvm'), command('query-accelerators')),
  session('target', command('query-target'), command('query-current-machine')),
  session('type', get('/machine', 'type'), get('/machine', 'odd')),
  session('smp', get('/machine', 'smp')),
  session('acpi', get('/machine', 'acpi')),
  session('vsmt', get('/machine', 'vsmt')),
  session('the boot vCPU in QOM', get(bootPath, 'type'), get(bootPath, 'x2apic'), get(bootPath, 'core-id')),
  session('the boot vCPU stays', unplug(bootPath)),
  session('what is not there', unplug('none'), unplug('/machine'), unplug('')),
  session('run states', command('stop'), STATUS, command('system_reset'), { event: 'RESET' }, STATUS, CPUS),
  session('quit', { last: command('quit') }),
]

/** Each as a sequence of its own, on a machine of its own. */
const plugs = (driver: string, cases: Readonly<Record<string, readonly object[]>>): readonly Sequence[] =>
  Object.entries(cases).map(([name, devices]) =>
    session(name, ...devices.map((props) => command('device_add', { driver, ...props })), SLOTS, CPUS),
  )

const cores = {
  'no core': [{ id: 'a' }],
  'core 0': [{ id: 'a', 'core-id': 0 }],
  'a core between two': [{ id: 'a', 'core-id': 1 }],
  'a core too far': [{ id: 'a', 'core-id': 16 }],
  'a core that is negative': [{ id: 'a', 'core-id': -1 }],
  'a core that is a text': [{ id: 'a', 'core-id': '4' }],
  'a core that is a fraction': [{ id: 'a', 'core-id': 2.5 }],
  'a core that is huge': [{ id: 'a', 'core-id': 99_999_999_999 }],
  'threads that fit': [{ id: 'a', 'core-id': 4, 'nr-threads': 4, 'node-id': 0 }],
  'threads that do not fit': [{ id: 'a', 'core-id': 4, 'nr-threads': 2 }],
  'no threads': [{ id: 'a', 'core-id': 4, 'nr-threads': 0 }],
  'threads that are a text': [{ id: 'a', 'core-id': 4, 'nr-threads': 'x' }],
  'another node': [{ id: 'a', 'core-id': 4, 'node-id': 1 }],
  'a socket': [{ id: 'a', 'core-id': 4, 'socket-id': 0 }],
  'a taken core': [
    { id: 'a', 'core-id': 4 },
    { id: 'b', 'core-id': 4 },
  ],
  'a taken id': [
    { id: 'a', 'core-id': 4 },
    { id: 'a', 'core-id': 8 },
  ],
  'out of order, without ids': [{ 'core-id': 12 }, { 'core-id': 4 }, { 'core-id': 8 }],
  'an id that begins with a digit': [{ id: '1a', 'core-id': 4 }],
}

const CORE = (version: '10.0' | '11'): string => `${version === '11' ? 'power11' : 'power10'}_v2.0-spapr-cpu-core`
const pseries = (version: '10.0' | '11'): readonly Sequence[] => {
  const plug = (core: number): string =>
    command('device_add', { driver: CORE(version), id: `c${core}`, 'core-id': core })
  return [
    ...asked('/machine/unattached/device[1]'),
    ...plugs(CORE(version), cores),
    session('another model', command('device_add', { driver: 'power9_v2.0-spapr-cpu-core', id: 'a', 'core-id': 4 })),
    session('a model that is not there', command('device_add', { driver: 'foo-spapr-cpu-core', 'core-id': 4 })),
    session('a core is removed before it has run', plug(4), unplug('c4'), unplug('c4'), SLOTS, CPUS),
    session('and plugged again', plug(4), unplug('c4'), plug(4), SLOTS, CPUS),
    session('a thread cannot go', plug(4), unplug('/machine/peripheral/c4/thread[1]')),
    session(
      'a thread in QOM',
      plug(4),
      get('/machine/peripheral/c4/thread[1]', 'type'),
      get('/machine/peripheral/c4', 'nr-threads'),
    ),
  ]
}

const S390_CPU = 'qemu-s390x-cpu'
const s390x: readonly Sequence[] = [
  ...asked('/machine/unattached/device[0]'),
  ...plugs(S390_CPU, {
    'no core': [{ id: 'a' }],
    'core 0': [{ id: 'a', 'core-id': 0 }],
    'a core too far': [{ id: 'a', 'core-id': 6 }],
    'a core that is negative': [{ id: 'a', 'core-id': -1 }],
    'a core that is a text': [{ id: 'a', 'core-id': '3' }],
    'a core that is huge': [{ id: 'a', 'core-id': 5_000_000_000 }],
    'a core alone': [{ id: 'a', 'core-id': 3 }],
    'a core in its place': [{ id: 'a', 'core-id': 3, 'socket-id': 0, 'book-id': 0, 'drawer-id': 0 }],
    'a core in a place that is not there': [{ id: 'a', 'core-id': 3, 'socket-id': 7 }],
    'what topology allows': [{ id: 'a', 'core-id': 3, dedicated: true, entitlement: 'low' }],
    'a thread': [{ id: 'a', 'core-id': 3, 'thread-id': 0 }],
    'a node': [{ id: 'a', 'core-id': 3, 'node-id': 0 }],
    'a taken core': [
      { id: 'a', 'core-id': 3 },
      { id: 'b', 'core-id': 3 },
    ],
    'out of order, without ids': [{ 'core-id': 5 }, { 'core-id': 2 }],
    'an id that begins with a digit': [{ id: '1a', 'core-id': 3 }],
  }),
  ...plugs('max-s390x-cpu', { 'another model': [{ id: 'a', 'core-id': 4 }] }),
  ...plugs('foo-s390x-cpu', { 'a model that is not there': [{ id: 'a', 'core-id': 4 }] }),
  session('no vCPU can go', command('device_add', { driver: S390_CPU, id: 'a', 'core-id': 3 }), unplug('a'), CPUS),
]

const LA464 = 'la464-loongarch-cpu'
const place = (core: unknown, more: object = {}): object => ({
  'core-id': core,
  'socket-id': 0,
  'thread-id': 0,
  ...more,
})
const loongarch64: readonly Sequence[] = [
  ...asked('/machine/unattached/device[0]'),
  ...plugs(LA464, {
    'no place': [{ id: 'a' }],
    'a core alone': [{ id: 'a', 'core-id': 2 }],
    'a core in its place': [place(2, { id: 'a' })],
    'a core too far': [place(9, { id: 'a' })],
    'a core that is negative': [place(-1, { id: 'a' })],
    'a core that is a text': [place('2', { id: 'a' })],
    'a core that is huge': [place(99_999_999_999, { id: 'a' })],
    'a socket too far': [place(2, { id: 'a', 'socket-id': 9 })],
    'a thread too far': [place(2, { id: 'a', 'thread-id': 9 })],
    'all too far': [place(9, { id: 'a', 'socket-id': 9, 'thread-id': 9 })],
    'node 0': [place(2, { id: 'a', 'node-id': 0 })],
    'node 1': [place(2, { id: 'a', 'node-id': 1 })],
    'a die': [place(2, { id: 'a', 'die-id': 0 })],
    'a taken core': [place(2, { id: 'a' }), place(2, { id: 'b' })],
    'out of order, without ids': [place(7), place(3), place(5)],
    'an id that begins with a digit': [place(2, { id: '1a' })],
  }),
  ...plugs('max-loongarch-cpu', { 'another model': [place(4, { id: 'a' })] }),
  ...plugs('foo-loongarch-cpu', { 'a model that is not there': [place(4, { id: 'a' })] }),
  session(
    'unplug before anything has run',
    command('device_add', { driver: LA464, id: 'a', 'core-id': 2 }),
    unplug('a'),
    unplug('/machine/unattached/device[1]'),
    OSPM,
    SLOTS,
  ),
]

/** The machines beside x86; pseries' CPU is another in each version. */
export const otherMachines = (version: '10.0' | '11'): readonly SequenceGroup[] => [
  { name: 'pseries', machine: PSERIES, isFresh: true, sequences: pseries(version) },
  { name: 's390x', machine: S390X, isFresh: true, sequences: s390x },
  { name: 'loongarch64', machine: LOONGARCH64, isFresh: true, sequences: loongarch64 },
]
