import { DEEP, I440FX, Q35 } from '../machines.ts'
import { command, session, type Sequence, type SequenceGroup } from '../sequence.ts'

const DRIVER = 'qemu64-x86_64-cpu'
const plug = (props: object): string => command('device_add', { driver: DRIVER, ...props })
const slot = (core: number, more: object = {}): string =>
  plug({ 'core-id': core, 'socket-id': 0, 'thread-id': 0, ...more })
const unplug = (id: unknown): string => command('device_del', { id })
const get = (path: unknown, property: unknown): string => command('qom-get', { path, property })
const SLOTS = command('query-hotpluggable-cpus')
const CPUS = command('query-cpus-fast')
const OSPM = command('query-acpi-ospm-status')
const STATUS = command('query-status')
const BOOT_CPU = '/machine/unattached/device[0]'
const SECOND_CPU = '/machine/unattached/device[2]'

const queries: readonly Sequence[] = [
  ...[
    'query-version',
    'query-status',
    'query-cpus-fast',
    'query-hotpluggable-cpus',
    'query-acpi-ospm-status',
    'query-kvm',
    'query-accelerators',
    'query-migrate',
    'query-name',
    'query-target',
    'query-current-machine',
    'query-yank',
    'query-commands',
    'query-machines',
    'query-qmp-schema',
  ].map((name) => session(name, command(name), command(name, { x: 1 }))),
  session('properties of the machine', get('/machine', 'type'), get('/machine', 'smp'), get('/machine', 'acpi')),
  session('properties that are not there', get('/machine', 'vsmt'), get(BOOT_CPU, 'odd')),
  session('paths that lead nowhere', get('/nowhere', 'type'), get('', 'type'), get('machine', 'type')),
  session('properties of a vCPU', get(BOOT_CPU, 'type'), get(BOOT_CPU, 'apic-id'), get(SECOND_CPU, 'core-id')),
  session('features of a vCPU', get(BOOT_CPU, 'x2apic'), get(BOOT_CPU, 'realized'), get(SECOND_CPU, 'apic-id')),
  session('containers', get('/machine/unattached', 'type'), get('/machine/peripheral', 'type')),
  session('qom-get without arguments', command('qom-get'), command('qom-get', { path: '/machine' }), get(7, 'type')),
]

const refusals: readonly Sequence[] = [
  session('no driver', command('device_add'), command('device_add', { id: 'a' }), command('device_add', { driver: 7 })),
  ...['nonsense', 'host-x86_64-cpu', 'max-x86_64-cpu', 'foo-x86_64-cpu', 'qemu64', ''].map((driver) =>
    session(`driver '${driver}'`, command('device_add', { driver, id: 'a', 'core-id': 2 })),
  ),
  session('a device that is no CPU', command('device_add', { driver: 'virtio-net-pci', id: 'a' })),
  session('no place', plug({ id: 'a' })),
  session('no socket', plug({ id: 'a', 'core-id': 2, 'thread-id': 0 })),
  session('no core', plug({ id: 'a', 'socket-id': 0, 'thread-id': 0 })),
  session('no thread', plug({ id: 'a', 'core-id': 2, 'socket-id': 0 })),
  ...[8, -1, -2, '2', 2.5, 99_999_999_999, null, true, [1]].map((core) =>
    session(`core ${JSON.stringify(core)}`, plug({ id: 'a', 'core-id': core, 'socket-id': 0, 'thread-id': 0 })),
  ),
  session('socket 1', slot(2, { id: 'a', 'socket-id': 1 })),
  session('thread 1', slot(2, { id: 'a', 'thread-id': 1 })),
  session('die 1', slot(2, { id: 'a', 'die-id': 1 })),
  session('node 1', slot(2, { id: 'a', 'node-id': 1 })),
  session('a book', slot(2, { id: 'a', 'book-id': 0 })),
  session('threads of a core', slot(2, { id: 'a', 'nr-threads': 1 })),
  session('a bus', slot(2, { id: 'a', bus: 'x' })),
  session('two unknown properties', slot(2, { id: 'a', odd: 1, even: 2 })),
  session('a taken slot', slot(1, { id: 'a' })),
  session('an APIC id that no slot has', plug({ id: 'a', 'apic-id': 9 })),
  session('the APIC id of a taken slot', plug({ id: 'a', 'apic-id': 1 })),
  session('device_del without an id', command('device_del'), unplug(7), command('device_del', { force: true })),
  session('device_del with an unknown argument', command('device_del', { id: 'none', force: true })),
  session('device_del of what is not there', unplug('none'), unplug('/nowhere'), unplug('')),
  session('device_del of what is no device', unplug('/machine'), unplug('/machine/peripheral')),
  session('device_del of the boot CPU', unplug(BOOT_CPU)),
  session('device_del of a part', unplug(`${BOOT_CPU}/lapic`)),
  session('device_del of another device', unplug('/machine/unattached/device[1]')),
]

const changes: readonly Sequence[] = [
  session('plug and see', slot(5, { id: 'five' }), SLOTS, CPUS, OSPM),
  session('plug without an id', slot(5), slot(3), SLOTS, CPUS),
  session('gaps in the numbers of those without an id', slot(9), plug({}), slot(5), SLOTS),
  session('plug with all that may be left out', slot(2, { id: 'a', 'die-id': 0, 'module-id': 0, 'node-id': 0 }), SLOTS),
  session('plug by APIC id', plug({ id: 'a', 'apic-id': 4 }), SLOTS, CPUS),
  session('plug with an id that is a number', slot(4, { id: 7 }), SLOTS),
  ...['1a', 'a b', '\xc3\xbc', '', 'a/b', 'a.b-c_d', '_a'].map((name) =>
    session(
      `device id '${name}'`,
      `{"execute":"device_add","arguments":{"driver":"${DRIVER}","id":"${name}","core-id":4,"socket-id":0,"thread-id":0}}`,
      SLOTS,
    ),
  ),
  session('the same device id twice', slot(4, { id: 'a' }), slot(5, { id: 'a' }), slot(4, { id: 'a' })),
  session('the same slot twice', slot(4, { id: 'a' }), slot(4, { id: 'b' }), SLOTS),
  session('all slots', ...[7, 6, 5, 4, 3, 2].map((core) => slot(core, { id: `c${core}` })), SLOTS, CPUS),
  session('unplug before anything has run', slot(4, { id: 'a' }), unplug('a'), unplug(SECOND_CPU), OSPM, SLOTS),
  session('unplug twice before anything has run', slot(4, { id: 'a' }), unplug('a'), unplug('/machine/peripheral/a')),
  session(
    'a plugged vCPU in QOM',
    slot(4, { id: 'a' }),
    get('/machine/peripheral/a', 'core-id'),
    get('/machine/peripheral/a', 'odd'),
  ),
  session('stop before it began', command('stop'), STATUS),
  session('cont and stop', command('cont'), STATUS, command('cont'), command('stop'), STATUS, command('stop'), STATUS),
  session('stop with an argument', command('stop', { x: 1 }), command('cont', { x: 1 }), STATUS),
  session('reset before it began', command('system_reset'), { event: 'RESET' }, STATUS),
  session(
    'reset while it is stopped',
    command('cont'),
    command('stop'),
    command('system_reset'),
    { event: 'RESET' },
    STATUS,
  ),
  session('plug, then reset', slot(5, { id: 'a' }), command('system_reset'), { event: 'RESET' }, SLOTS, CPUS),
  session('quit', { last: command('quit') }),
]

const deep: readonly Sequence[] = [
  session('slots of a deep machine', SLOTS, CPUS),
  session('a die that is not named', plug({ id: 'a', 'socket-id': 1, 'core-id': 0, 'thread-id': 0 })),
  session('a die too many', plug({ id: 'a', 'socket-id': 1, 'die-id': 2, 'core-id': 0, 'thread-id': 0 })),
  session('plug deep', plug({ id: 'a', 'socket-id': 1, 'die-id': 1, 'core-id': 2, 'thread-id': 1 }), SLOTS, CPUS),
  session('taken deep', plug({ id: 'b', 'socket-id': 0, 'die-id': 0, 'core-id': 0, 'thread-id': 1 })),
]

const i440fx: readonly Sequence[] = [
  session('slots of i440fx', SLOTS, CPUS, get('/machine', 'type'), get('/machine', 'smp')),
  session('plug on i440fx', slot(3, { id: 'a' }), SLOTS, CPUS, OSPM, unplug('a'), unplug(BOOT_CPU)),
]

export const x86: readonly SequenceGroup[] = [
  { name: 'what QEMU says of itself', machine: Q35, isFresh: false, sequences: queries },
  { name: 'what QEMU refuses', machine: Q35, isFresh: false, sequences: refusals },
  { name: 'plugs, unplugs, run states', machine: Q35, isFresh: true, sequences: changes },
  { name: 'a machine of every level', machine: DEEP, isFresh: false, sequences: deep },
  { name: 'i440fx', machine: I440FX, isFresh: true, sequences: i440fx },
]
