import { describe, expect, test } from 'vitest'
import { CommandError } from '../../../src/errors/peer-errors.ts'
import { callQmp, decodeReply, isKnownCommand, type QmpCommandName } from '../../../src/qmp/commands.ts'
import { decodeEvent } from '../../../src/qmp/events.ts'
import type { QmpExecutor } from '../../../src/qmp/executor.ts'
import { readProperty, type QomProperties } from '../../../src/qmp/properties.ts'

const MAX_INT = 2_147_483_647
const cpu = { 'cpu-index': 0, 'qom-path': '/m/0', 'thread-id': 7 }
const slot = { type: 'x86_64-cpu', 'vcpus-count': 1, props: { 'core-id': 0, more: true } }
const ost = { slot: '0', 'slot-type': 'CPU', source: 3, status: 0 }
const version = { qemu: { major: 10, minor: 0, micro: 1 }, package: 'Debian' }

const decode: (command: QmpCommandName, value: unknown) => unknown = decodeReply

describe('a reply as QEMU’s schema has it', () => {
  test.each<[QmpCommandName, unknown]>([
    ['query-cpus-fast', [cpu, { ...cpu, target: 'x86_64', props: { 'socket-id': 1 } }, { ...cpu, 'thread-id': -1 }]],
    ['query-cpus-fast', [{ ...cpu, 'cpu-index': MAX_INT, 'thread-id': MAX_INT }]],
    ['query-hotpluggable-cpus', [slot, { ...slot, 'qom-path': '/m/0', 'vcpus-count': MAX_INT }]],
    ['query-acpi-ospm-status', [ost, { ...ost, device: 'd', source: -MAX_INT, status: 4_294_967_295 }]],
    ['query-acpi-ospm-status', [{ ...ost, source: 4_294_967_295, status: -MAX_INT }]],
    ['query-version', version],
    ['query-version', { qemu: { major: MAX_INT, minor: MAX_INT, micro: MAX_INT }, package: '' }],
    ['query-status', { running: true, status: 'running' }],
    ['query-kvm', { enabled: true, present: true }],
    ['query-accelerators', { enabled: 'tcg', present: ['tcg', 'kvm'] }],
    ['query-machines', [{ name: 'q35', 'hotpluggable-cpus': true }]],
    ['query-migrate', { status: 'active', ram: { total: 1 } }],
    ['query-migrate', {}],
    ['x-query-jit', { 'human-readable-text': 'x' }],
    ['human-monitor-command', 'text'],
    ['qom-get', [1, { a: 2 }]],
    ['qom-list-properties', [{ name: 'close-action' }]],
    ['query-chardev', [{ label: 'serial0' }]],
  ])('%s %j', (command, value) => {
    expect(decode(command, value)).toStrictEqual(value)
  })

  test.each<[QmpCommandName]>([
    ['device_add'],
    ['device_del'],
    ['system_reset'],
    ['stop'],
    ['cont'],
    ['chardev-add'],
    ['chardev-remove'],
    ['object-add'],
    ['object-del'],
  ])('%s says nothing', (command) => {
    expect(decode(command, { a: 1 })).toBeUndefined()
  })

  test('what is not asked for is left out', () => {
    expect(decode('query-cpus-fast', [{ ...cpu, more: 1 }])).toStrictEqual([cpu])
    expect(decode('query-hotpluggable-cpus', [{ ...slot, more: 1 }])).toStrictEqual([slot])
    expect(decode('query-acpi-ospm-status', [{ ...ost, more: 1 }])).toStrictEqual([ost])
    expect(decode('query-chardev', [{ label: 'a', filename: 'pty' }])).toStrictEqual([{ label: 'a' }])
    expect(decode('qom-list-properties', [{ name: 'a', type: 'bool' }])).toStrictEqual([{ name: 'a' }])
    expect(decode('query-machines', [{ name: 'q35', 'hotpluggable-cpus': true, alias: 'x' }])).toStrictEqual([
      { name: 'q35', 'hotpluggable-cpus': true },
    ])
  })

  test.each([
    ['x86', 'x86_64'],
    ['ppc', 'ppc64'],
    ['s390', 's390x'],
    ['aarch64', 'aarch64'],
  ])('before 3.0 a CPU has an arch: %s is %s', (arch, target) => {
    expect(decode('query-cpus-fast', [{ ...cpu, arch }])).toStrictEqual([{ ...cpu, target }])
    expect(decode('query-cpus-fast', [{ ...cpu, arch, target: 'mine' }])).toStrictEqual([{ ...cpu, target: 'mine' }])
  })
})

test.each<[QmpCommandName, unknown, string]>([
  ['query-cpus-fast', {}, 'query-cpus-fast is {}, expected an array'],
  [
    'query-cpus-fast',
    [{ ...cpu, 'cpu-index': -1 }],
    'query-cpus-fast[0].cpu-index is -1, expected an integer from 0 to',
  ],
  [
    'query-cpus-fast',
    [cpu, { ...cpu, 'thread-id': -2 }],
    'query-cpus-fast[1].thread-id is -2, expected an integer from -1',
  ],
  ['query-cpus-fast', [{ ...cpu, 'cpu-index': MAX_INT + 1 }], 'cpu-index is 2147483648'],
  ['query-cpus-fast', [{ ...cpu, 'qom-path': 1 }], 'qom-path is 1'],
  ['query-cpus-fast', [{ ...cpu, target: 1 }], 'target is 1'],
  ['query-cpus-fast', [{ ...cpu, arch: 1 }], 'arch is 1'],
  ['query-cpus-fast', [{ ...cpu, props: [] }], 'props is [], expected an object'],
  ['query-hotpluggable-cpus', [{ ...slot, 'vcpus-count': 0 }], 'vcpus-count is 0, expected an integer from 1'],
  ['query-hotpluggable-cpus', [{ ...slot, type: null }], 'type is null'],
  ['query-hotpluggable-cpus', [{ ...slot, props: null }], 'props is null'],
  ['query-hotpluggable-cpus', [{ ...slot, 'qom-path': 1 }], 'qom-path is 1'],
  ['query-acpi-ospm-status', [{ ...ost, source: 4_294_967_296 }], 'source is 4294967296'],
  ['query-acpi-ospm-status', [{ ...ost, status: -MAX_INT - 1 }], 'status is -2147483648'],
  ['query-acpi-ospm-status', [{ ...ost, device: 1 }], 'device is 1'],
  ['query-acpi-ospm-status', [{ ...ost, slot: 1 }], 'slot is 1'],
  ['query-acpi-ospm-status', [{ ...ost, 'slot-type': 1 }], 'slot-type is 1'],
  ['query-version', { qemu: { ...version.qemu, major: -1 }, package: '' }, 'query-version.qemu.major is -1'],
  ['query-version', { qemu: { ...version.qemu, minor: -1 }, package: '' }, 'query-version.qemu.minor is -1'],
  ['query-version', { qemu: { ...version.qemu, micro: -1 }, package: '' }, 'query-version.qemu.micro is -1'],
  ['query-version', { ...version, package: 1 }, 'query-version.package is 1'],
  ['query-status', { running: 1, status: '' }, 'query-status.running is 1'],
  ['query-status', { running: true }, 'query-status.status is nothing'],
  ['query-kvm', { enabled: 'yes' }, 'query-kvm.enabled is "yes"'],
  ['query-accelerators', { enabled: true }, 'query-accelerators.enabled is true'],
  ['query-machines', [{ name: 'x' }], 'query-machines[0].hotpluggable-cpus is nothing'],
  ['query-machines', [{ 'hotpluggable-cpus': true }], 'query-machines[0].name is nothing'],
  ['query-migrate', { status: 1 }, 'query-migrate.status is 1'],
])('%s %j is refused', (command, value, words) => {
  expect(() => decode(command, value)).toThrow(words)
})

test('a known command is an own one', () => {
  expect(isKnownCommand('query-status')).toBe(true)
  expect(isKnownCommand('toString')).toBe(false)
})

test('a command is sent as it is, and its reply checked', async () => {
  const calls: unknown[] = []
  const executor: QmpExecutor = {
    execute: (...call) => {
      calls.push(call)
      return Promise.resolve({ running: 1 })
    },
  }
  await expect(callQmp(executor, 'query-status', undefined, { timeoutMs: 7 })).rejects.toThrow(
    'query-status.running is 1',
  )
  expect(calls).toEqual([['query-status', undefined, { timeoutMs: 7 }]])
})

describe('an event', () => {
  test.each([
    [{ event: 'X' }, { event: 'X', data: {}, timestamp: { seconds: -1, microseconds: -1 } }],
    [
      { event: 'X', data: { a: 1 }, timestamp: { seconds: 5, microseconds: 6 } },
      { event: 'X', data: { a: 1 }, timestamp: { seconds: 5, microseconds: 6 } },
    ],
    [
      { event: 'X', timestamp: { seconds: '5' } },
      { event: 'X', data: {}, timestamp: { seconds: -1, microseconds: -1 } },
    ],
    [
      { event: 'X', timestamp: 5 },
      { event: 'X', data: {}, timestamp: { seconds: -1, microseconds: -1 } },
    ],
    [
      { event: 'X', data: null },
      { event: 'X', data: {}, timestamp: { seconds: -1, microseconds: -1 } },
    ],
  ])('%j', (message, event) => {
    expect(decodeEvent(message)).toStrictEqual(event)
  })

  test.each([[{ event: 1 }], [{ event: 'X', data: [] }], [{ event: 'X', data: 'x' }]])('%j is refused', (message) => {
    expect(() => decodeEvent(message)).toThrow('an event without a name, or with odd data')
  })
})

describe('a property', () => {
  const answering = (reply: unknown): QmpExecutor & { readonly asked: unknown[] } => {
    const asked: unknown[] = []
    return {
      asked,
      execute: (command, args) => {
        asked.push([command, args])
        return reply instanceof Error ? Promise.reject(reply) : Promise.resolve(reply)
      },
    }
  }

  test.each<[keyof QomProperties, unknown, unknown]>([
    ['type', 'pc-q35-10.0-machine', 'pc-q35-10.0-machine'],
    ['type', `\u001b${'x'.repeat(100)}`, `\\u{1b}${'x'.repeat(79)}… (101 characters)`],
    ['smp', { cpus: 2, maxcpus: 8, cores: 4 }, { cpus: 2, maxCpus: 8 }],
    ['smp', { cpus: 0, maxcpus: MAX_INT }, { cpus: 0, maxCpus: MAX_INT }],
    ['acpi', 'auto', 'auto'],
    ['acpi', 'x'.repeat(41), `${'x'.repeat(40)}… (41 characters)`],
    ['smm', 'on', 'on'],
    ['smm', 'x'.repeat(41), `${'x'.repeat(40)}… (41 characters)`],
    ['x-smi-cpu-hotplug', true, true],
    ['x-smi-cpu-hotplug', false, false],
    ['x-smi-cpu-hotplug', null, true],
    ['secure', true, true],
    ['secure', 'true', false],
    ['secure', false, false],
    ['vsmt', 8, 8],
    ['vsmt', 1, 1],
    ['vsmt', 0, 0],
    ['vsmt', 1.5, 0],
    ['vsmt', -1, 0],
    ['vsmt', '8', 0],
    ['x2apic', false, false],
    ['x2apic', true, true],
    ['x2apic', null, true],
    ['apic-id', 4_294_967_295, 4_294_967_295],
    ['apic-id', 0, 0],
  ])('%s: %j is %j', async (property, reply, value) => {
    const executor = answering(reply)
    expect(await readProperty(executor, '/machine', property, {})).toEqual(value)
    expect(executor.asked).toEqual([['qom-get', { path: '/machine', property }]])
  })

  test.each<[keyof QomProperties, unknown, string]>([
    ['type', 1, '/machine.type is 1'],
    ['smp', { cpus: -1, maxcpus: 8 }, '/machine.smp.cpus is -1'],
    ['smp', { cpus: 1 }, '/machine.smp.maxcpus is nothing'],
    ['acpi', true, '/machine.acpi is true'],
    ['smm', null, '/machine.smm is null'],
    ['apic-id', -1, '/machine.apic-id is -1'],
    ['apic-id', 4_294_967_296, '/machine.apic-id is 4294967296'],
  ])('%s: %j is refused', async (property, reply, words) => {
    await expect(readProperty(answering(reply), '/machine', property, {})).rejects.toThrow(words)
  })

  test('that QEMU refuses is not there; any other error is one', async () => {
    expect(await readProperty(answering(new CommandError('x', 'GenericError', 'no')), '/m', 'type', {})).toBeUndefined()
    await expect(readProperty(answering(new Error('lost')), '/m', 'type', {})).rejects.toThrow('lost')
  })
})
