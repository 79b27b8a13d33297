import { describe, expect, test } from 'vitest'
import { QmpClient } from '../../../src/qmp/client.ts'
import { SimulatedQemu, type SimulatedQemuOptions } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { settle } from '../wire/scripted-peer.ts'

/** The words of one refusal, or what was returned. */
async function ask(options: SimulatedQemuOptions, command: string, args?: QmpArguments): Promise<unknown> {
  await using qemu = new SimulatedQemu(options)
  await using client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  const answer: unknown = await client.execute(command, args).catch((error: unknown) => error)
  return answer instanceof Error ? answer.message.slice(`${command}: `.length) : answer
}

type QmpArguments = Readonly<Record<string, unknown>>

const x86 = { kind: 'x86', bootVcpus: 2, maxcpus: 8 } as const
const pseries = { kind: 'pseries', bootVcpus: 4, threads: 4, maxcpus: 16 } as const
const s390x = { kind: 's390x', bootVcpus: 2, maxcpus: 6 } as const
const loong = { kind: 'loongarch64', bootVcpus: 2, maxcpus: 8 } as const
const of = (driver: string, props: QmpArguments): QmpArguments => ({ driver, ...props })
const cpu = (props: QmpArguments) => of('qemu64-x86_64-cpu', { 'core-id': 4, 'socket-id': 0, 'thread-id': 0, ...props })
const core = (props: QmpArguments) => of('power10_v2.0-spapr-cpu-core', props)
const s390 = (props: QmpArguments) => of('qemu-s390x-cpu', props)
const la464 = (props: QmpArguments) => of('la464-loongarch-cpu', props)

describe('what a plug may leave out, and may add', () => {
  test.each([
    [x86, cpu({ 'die-id': 0, 'module-id': 0, 'node-id': 0, 'apic-id': 4 })],
    [x86, of('qemu64-x86_64-cpu', { 'apic-id': 4 })],
    [x86, cpu({ id: '1a' })],
    [x86, cpu({ id: '' })],
    [x86, cpu({ id: 7 })],
    [pseries, core({ 'core-id': 4, 'nr-threads': 4, 'node-id': 0 })],
    [s390x, s390({ 'core-id': 4 })],
    [s390x, of('max-s390x-cpu', { 'core-id': 4, 'socket-id': 9, dedicated: true, entitlement: 'low' })],
    [loong, la464({ 'core-id': 4 })],
    [loong, of('max-loongarch-cpu', { 'core-id': 4, 'node-id': 0 })],
  ] satisfies [SimulatedQemuOptions, QmpArguments][])('%j takes %j', async (machine, args) => {
    expect(await ask(machine, 'device_add', args)).not.toBeTypeOf('string')
  })
})

describe('what QEMU refuses, in its words', () => {
  test.each([
    [x86, cpu({ force: true }), "Property 'qemu64-x86_64-cpu.force' not found"],
    [x86, cpu({ 'core-id': '4' }), "Invalid parameter type for 'core-id', expected: integer"],
    [x86, cpu({ 'core-id': 2 ** 40 }), "Parameter 'core-id' expects int32_t"],
    [x86, cpu({ 'core-id': -1 }), 'CPU core-id is not set'],
    [x86, cpu({ bus: 'x' }), "Bus 'x' not found"],
    [{ ...x86, version: '11.1.0' }, cpu({ id: '1a' }), "Invalid qdev ID '1a'"],
    [{ ...x86, version: '11.1.0' }, cpu({ id: 'a b' }), "Invalid qdev ID 'a b'"],
    [pseries, core({}), 'core 0 already populated'],
    [pseries, core({ 'core-id': 4, 'nr-threads': 2 }), 'invalid nr-threads 2, must be 4'],
    [pseries, core({ 'core-id': -2 }), 'Invalid core id -2'],
    [pseries, of('power9_v2.0-spapr-cpu-core', {}), 'CPU core type should be power10_v2.0-spapr-cpu-core'],
    [s390x, s390({}), 'Unable to add CPU with core-id: 0, it already exists'],
    [s390x, s390({ 'core-id': -1 }), "Parameter 'core-id' expects uint32_t"],
    [s390x, s390({ 'core-id': '3' }), "Parameter 'core-id' expects uint64"],
    [loong, la464({}), 'cpu(id-1=0:0:0) with arch-id 0 exists'],
    [loong, la464({ 'core-id': -1 }), 'Invalid core-id 4294967295 specified, must be in range 1:7'],
    [loong, la464({ 'thread-id': 9, 'core-id': 9 }), 'Invalid thread-id 9 specified, must be in range 1:0'],
  ] satisfies [SimulatedQemuOptions, QmpArguments, string][])('%j, device_add %j', async (machine, args, words) => {
    expect(await ask(machine, 'device_add', args)).toBe(words)
  })

  test.each([
    [x86, { id: 'none', force: true }, "Parameter 'force' is unexpected"],
    [x86, { force: true }, "Parameter 'id' is missing"],
    [x86, { id: 7 }, "Invalid parameter type for 'id', expected: string"],
    [x86, { id: 'none' }, "Device 'none' not found"],
    [x86, { id: '' }, ' is not a device'],
    [x86, { id: '/machine' }, '/machine is not a device'],
    [x86, { id: '/machine/unattached/device[2]/lapic' }, "Device 'apic' can not be hotplugged on this machine"],
    [
      pseries,
      { id: '/machine/unattached/device[1]/thread[0]' },
      "Device 'power10_v2.0-powerpc64-cpu' can not be hotplugged on this machine",
    ],
    [loong, { id: '/machine/unattached/device[0]' }, 'hot-unplug of boot cpu(id0=0:0:0) not supported'],
  ] satisfies [SimulatedQemuOptions, QmpArguments, string][])('%j, device_del %j', async (machine, args, words) => {
    expect(await ask(machine, 'device_del', args)).toBe(words)
  })
})

describe('before anything has run (-S)', () => {
  const started = { ...x86, paused: true } as const

  test('QEMU 10 has no ACPI hotplug yet, 11 has', async () => {
    const path = { id: '/machine/unattached/device[2]' }
    const ten = 'acpi: device unplug request for not supported device type: qemu64-x86_64-cpu'
    expect(await ask(started, 'device_del', path)).toBe(ten)
    expect(await ask(started, 'query-acpi-ospm-status')).toEqual([])
    const eleven = { ...started, version: '11.1.0' }
    expect(await ask(eleven, 'device_del', path)).not.toBeTypeOf('string')
    expect(await ask(eleven, 'query-acpi-ospm-status')).toHaveLength(8)
  })

  test('it is prelaunch, and the guest boots with `cont`, if there is one', async () => {
    for (const bootable of [true, false]) {
      await using qemu = new SimulatedQemu({ ...started, bootable })
      await using client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
      expect(await client.execute('query-status')).toEqual({ status: 'prelaunch', running: false })
      expect(qemu.guest.isUp).toBe(false)
      await client.execute('cont')
      await settle()
      expect([qemu.status, qemu.guest.isUp]).toEqual(['running', bootable])
    }
  })

  test('pseries removes a core that no guest has taken at once', async () => {
    await using qemu = new SimulatedQemu({ ...pseries, paused: true })
    await using client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    await client.execute('device_add', { ...core({ 'core-id': 4 }), id: 'c4' })
    await client.execute('device_del', { id: 'c4' })
    expect(qemu.pluggedVcpus).toEqual([0, 1, 2, 3])
  })
})

test('devices that are refused leave gaps in the numbers of those without an id', async () => {
  await using qemu = new SimulatedQemu(x86)
  await using client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  await expect(client.execute('device_add', cpu({ 'core-id': 9 }))).rejects.toThrow()
  await client.execute('device_add', cpu({}))
  expect(qemu.board.deviceOf(4)?.path).toBe('/machine/peripheral-anon/device[1]')
})
