import { command, type Sequence } from '../sequence.ts'

const set = (...vcpus: readonly unknown[]): string => command('guest-set-vcpus', { vcpus })
const entry = (id: unknown, online: unknown, more: object = {}): object => ({ 'logical-id': id, online, ...more })
const open = (path: unknown, more: object = {}): string => command('guest-file-open', { path, ...more })
const read = (handle: unknown, more: object = {}): string => command('guest-file-read', { handle, ...more })
const close = (handle: unknown): string => command('guest-file-close', { handle })
const SYS = '/sys/devices/system/cpu'
const VCPUS = command('guest-get-vcpus')

/** Each is spoken on a connection of its own, to the agent that the ones before have left. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  'a delimited sync, after 0xFF': ['\xff{"execute":"guest-sync-delimited","arguments":{"id":9},"id":"d"}'],
  '0xFF alone': ['\xff', '\xff\xff'],
  'a sync': [command('guest-sync', { id: 7 }), command('guest-sync', { id: -5 })],
  'a sync without an id': [command('guest-sync'), command('guest-sync-delimited')],
  'a sync with a fraction': [command('guest-sync', { id: 1.5 }), command('guest-sync-delimited', { id: 1.5 })],
  'a sync with a text': [command('guest-sync', { id: '7' }), command('guest-sync-delimited', { id: '7' })],
  'a sync with null': [command('guest-sync', { id: null })],
  'a sync with an integer too large': ['{"execute":"guest-sync","arguments":{"id":9223372036854775808}}'],
  'a sync with an argument too many': [command('guest-sync', { id: 7, x: 1 })],
  'a ping with an odd id': [command('guest-ping', undefined, { id: { a: [1] } })],
  'a ping with an argument': [command('guest-ping', { x: 1 })],
  'a ping out of band': [command('guest-ping', undefined, { 'exec-oob': 'guest-ping' }), '{"exec-oob":"guest-ping"}'],
  'an unknown member': [command('guest-ping', undefined, { odd: 1, id: 3 })],
  'an unknown command': [command('nonsense', undefined, { id: 3 })],
  'a duplicate id': ['{"execute":"guest-ping","id":1,"id":2}'],
  'single quotes': ["{'execute':'guest-ping'}"],
  'no JSON': ['nonsense', '{"execute":"guest-ping",}'],
  'no object': ['[]', '12', '{}'],
  'two in a line': ['{"execute":"guest-ping"}{"execute":"guest-ping"}'],
  'arguments that are null': ['{"execute":"guest-ping","arguments":null}', '{"execute":12}'],
  'the guest’s CPUs': [VCPUS, command('guest-get-vcpus', { x: 1 })],
  'set without a list': [command('guest-set-vcpus'), command('guest-set-vcpus', { vcpus: {} }), set()],
  'set of what is no CPU': [set(7), set({ 'logical-id': 1 }), set({ online: true })],
  'set with wrong types': [set(entry('1', true)), set(entry(1, 'yes'))],
  'set with an unknown member': [set(entry(1, true, { x: 1 }))],
  'set with can-offline': [set(entry(1, true, { 'can-offline': false }))],
  'set of a CPU that is not there': [set(entry(77, true)), set(entry(77, false)), set(entry(-1, true))],
  'CPU 0 stays on': [set(entry(0, false)), set(entry(0, true))],
  'off and on': [set(entry(1, false)), VCPUS, set(entry(1, true)), VCPUS],
  'a prefix that succeeds': [set(entry(1, true), entry(77, true), entry(0, true)), set(entry(1, true), entry(1, true))],
  'a list that is checked first': [set(entry(1, false), entry(2, 'x')), VCPUS],
  'a file': [open(`${SYS}/present`), read(1_000), read(1_000), close(1_000), close(1_000)],
  'a file in pieces': [
    open(`${SYS}/online`),
    read(1_001, { count: 2 }),
    read(1_001, { count: 2 }),
    read(1_001),
    close(1_001),
  ],
  'odd counts': [
    open(`${SYS}/possible`),
    read(1_002, { count: 0 }),
    read(1_002, { count: -1 }),
    read(1_002, { count: 50_331_649 }),
    close(1_002),
  ],
  'handles that are none': [read(1), read('1000'), command('guest-file-read'), close(1), read(1, { x: 1 })],
  'files that are not there': [open('/nowhere'), open('/nowhere/x', { mode: 'w' }), open('')],
  'paths that are none': [command('guest-file-open'), open(7), open('/nowhere', { x: 1 })],
  modes: [
    open(`${SYS}/present`, { mode: 'x' }),
    open(`${SYS}/present`, { mode: 'w' }),
    open(`${SYS}/present`, { mode: 'rb' }),
    close(1_003),
  ],
  'files of a CPU': [
    open(`${SYS}/cpu0/online`),
    open(`${SYS}/cpu9/firmware_node/path`),
    open(`${SYS}/cpu1/firmware_node/path`),
    read(1_004),
    close(1_004),
  ],
  'a directory': [open(SYS), close(1_005)],
  'what the agent can do': [command('guest-info')],
  'what the guest is': [command('guest-get-osinfo')],
}

export const agent: readonly Sequence[] = Object.entries(LINES).map(([name, steps]) => ({ name, steps }))
