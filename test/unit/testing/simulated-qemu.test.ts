import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { QgaClient, readGuestFile, setGuestVcpus } from '../../../src/qga/index.ts'
import { CommandError, QmpClient, type EventStream, type QmpEvent } from '../../../src/qmp/index.ts'
import { hang, Refusal, SimulatedAgent, SimulatedQemu, type SimulatedQemuOptions } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'

async function start(options: SimulatedQemuOptions) {
  const qemu = new SimulatedQemu(options)
  const client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
  return { qemu, client, events: client.events() }
}

/** The next `count` events: name and data. */
async function take(events: EventStream<QmpEvent>, count: number) {
  const taken: unknown[] = []
  while (taken.length < count) {
    const next = await events.next()
    if (next.done === true) throw new Error(`only ${taken.length} events of ${count}`)
    taken.push([next.value.event, next.value.data])
  }
  return taken
}

const slot = (id: number) => ({
  driver: 'qemu64-x86_64-cpu',
  'socket-id': 0,
  'core-id': id,
  'thread-id': 0,
})

async function refusal(call: Promise<unknown>) {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(CommandError)
  return error instanceof CommandError ? [error.errorClass, error.description] : []
}

describe('a q35 machine', () => {
  test('lists plugged vCPUs in plug order and slots in reverse', async () => {
    const { client } = await start({ kind: 'x86', maxcpus: 8, bootVcpus: 2 })
    await client.execute('device_add', { ...slot(5), id: 'cpu5' })
    await client.execute('device_add', slot(3))
    const cpus = await client.execute('query-cpus-fast')
    expect(cpus.map((cpu) => [cpu['cpu-index'], cpu['qom-path']])).toEqual([
      [0, '/machine/unattached/device[0]'],
      [1, '/machine/unattached/device[2]'],
      [5, '/machine/peripheral/cpu5'],
      [3, '/machine/peripheral-anon/device[0]'],
    ])
    const slots = await client.execute('query-hotpluggable-cpus')
    expect(slots.map((each) => each.props['core-id'])).toEqual([7, 6, 5, 4, 3, 2, 1, 0])
    expect(slots.map((each) => each['qom-path'] !== undefined)).toEqual([
      false,
      false,
      true,
      false,
      true,
      false,
      true,
      true,
    ])
    expect(slots.at(-1)).not.toHaveProperty('qom-path', undefined)
  })

  test('numbers by place and gives APIC ids their bit fields', async () => {
    const { client } = await start({
      kind: 'x86',
      sockets: 2,
      dies: 2,
      cores: 3,
      threads: 2,
      bootVcpus: 1,
      numaNodes: 2,
    })
    const slots = await client.execute('query-hotpluggable-cpus')
    expect(slots).toHaveLength(24)
    expect(slots[0]?.props).toEqual({ 'socket-id': 1, 'die-id': 1, 'core-id': 2, 'thread-id': 1, 'node-id': 1 })
    const add = { driver: 'qemu64-x86_64-cpu', ...slots[0]?.props }
    await client.execute('device_add', add)
    expect(await refusal(client.execute('device_add', add))).toEqual(['GenericError', 'CPU[23] with APIC ID 29 exists'])
  })

  test.each([
    [{ ...slot(1) }, 'CPU[1] with APIC ID 1 exists'],
    [{ ...slot(4), id: 'taken' }, "Duplicate device ID 'taken'"],
    [{ ...slot(9) }, 'Invalid CPU core-id: 9 must be in range 0:7'],
    [{ driver: 'qemu64-x86_64-cpu', 'core-id': 4, 'thread-id': 0 }, 'CPU socket-id is not set'],
    [{ ...slot(4), driver: 'max-x86_64-cpu' }, "Invalid CPU type, expected cpu type: 'qemu64-x86_64-cpu'"],
    [{ ...slot(4), 'die-id': 1 }, 'Invalid CPU die-id: 1 must be in range 0:0'],
    [{ ...slot(4), 'node-id': 1 }, 'invalid node-id, must be 0'],
    [{ ...slot(4), 'book-id': 0 }, "Property 'qemu64-x86_64-cpu.book-id' not found"],
    [{ driver: 'nonsense' }, "'nonsense' is not a valid device model name"],
  ])('refuses device_add %j', async (args, words) => {
    const { client } = await start({ kind: 'x86', maxcpus: 8, bootVcpus: 2 })
    await client.execute('device_add', { ...slot(3), id: 'taken' })
    expect(await refusal(client.execute('device_add', args))).toEqual(['GenericError', words])
  })

  test('a slot beyond APIC id 254 is listed, and refused by 11; 10 ends', async () => {
    const ten = await start({ kind: 'x86', maxcpus: 288 })
    await expect(ten.client.execute('device_add', slot(255))).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    const { client } = await start({ kind: 'x86', maxcpus: 288, version: '11.0.0' })
    expect(await refusal(client.execute('device_add', slot(255)))).toEqual([
      'GenericError',
      'APIC ID 255 requires x2APIC feature in CPU',
    ])
    await client.execute('device_add', slot(254))
  })

  test('plug and unplug speak as the guest and QEMU do', async () => {
    const { qemu, client, events } = await start({ kind: 'x86', maxcpus: 4 })
    await client.execute('device_add', { ...slot(2), id: 'cpu2' })
    const ost = (source: number, status: number, device?: string) => [
      'ACPI_DEVICE_OST',
      { info: { slot: '2', 'slot-type': 'CPU', source, status, ...(device === undefined ? {} : { device }) } },
    ]
    expect(await take(events, 1)).toEqual([ost(1, 0, 'cpu2')])
    await client.execute('device_del', { id: 'cpu2' })
    expect(await take(events, 4)).toEqual([
      ost(3, 132, 'cpu2'),
      ['DEVICE_DELETED', { path: '/machine/peripheral/cpu2/lapic' }],
      ['DEVICE_DELETED', { device: 'cpu2', path: '/machine/peripheral/cpu2' }],
      ost(3, 0),
    ])
    expect(qemu.pluggedVcpus).toEqual([0])
    const status = await client.execute('query-acpi-ospm-status')
    expect(status.map(({ source, status }) => [source, status])).toEqual([
      [0, 0],
      [0, 0],
      [3, 0],
      [0, 0],
    ])
  })

  test('the own DEVICE_DELETED may come with the next plug, or never', async () => {
    const late = await start({ kind: 'x86', ownDeviceDeleted: 'next-plug', finalOstNamesDevice: true })
    await late.client.execute('device_add', { ...slot(2), id: 'a' })
    await late.client.execute('device_del', { id: 'a' })
    await take(late.events, 4)
    await late.client.execute('device_add', { ...slot(2), id: 'b' })
    const [deleted, plugged] = await take(late.events, 2)
    expect(deleted).toEqual(['DEVICE_DELETED', { device: 'a', path: '/machine/peripheral/a' }])
    expect(plugged).toMatchObject(['ACPI_DEVICE_OST', { info: { source: 1, device: 'b' } }])

    const never = await start({ kind: 'x86', ownDeviceDeleted: 'never' })
    await never.client.execute('device_add', { ...slot(2), id: 'a' })
    await never.client.execute('device_del', { id: 'a' })
    await never.client.execute('device_add', { ...slot(2), id: 'b' })
    const names = (await take(never.events, 5)).map((event) => (event as [string])[0])
    expect(names).toEqual([
      'ACPI_DEVICE_OST',
      'ACPI_DEVICE_OST',
      'DEVICE_DELETED',
      'ACPI_DEVICE_OST',
      'ACPI_DEVICE_OST',
    ])
  })

  test('device_del: by path, unknown, boot CPU', async () => {
    const { qemu, client } = await start({ kind: 'x86', maxcpus: 4, bootVcpus: 2 })
    await client.execute('device_del', { id: '/machine/unattached/device[2]' })
    await client.execute('query-status')
    expect(qemu.pluggedVcpus).toEqual([0])
    expect(await refusal(client.execute('device_del', { id: 'gone' }))).toEqual([
      'DeviceNotFound',
      "Device 'gone' not found",
    ])
    expect(await refusal(client.execute('device_del', { id: '/machine/unattached/device[0]' }))).toEqual([
      'GenericError',
      'Boot CPU is unpluggable',
    ])
  })

  test('the guest can ignore, refuse, and give late', async () => {
    const { qemu, client, events } = await start({ kind: 'x86', maxcpus: 4, bootVcpus: 3 })
    qemu.guest.onUnplug = 'refuse'
    await client.execute('device_del', { id: '/machine/unattached/device[3]' })
    expect(await take(events, 2)).toMatchObject([
      ['ACPI_DEVICE_OST', { info: { slot: '2', source: 3, status: 0x84 } }],
      ['ACPI_DEVICE_OST', { info: { slot: '2', source: 3, status: 0x81 } }],
    ])
    expect(qemu.pendingUnplugs).toEqual([])
    qemu.guest.onUnplug = 'ignore'
    await client.execute('device_del', { id: '/machine/unattached/device[3]' })
    await client.execute('device_del', { id: '/machine/unattached/device[2]' })
    await client.execute('query-status')
    expect(qemu.pendingUnplugs).toEqual(['/machine/unattached/device[3]', '/machine/unattached/device[2]'])
    qemu.completePendingUnplug('/machine/unattached/device[3]')
    qemu.refusePendingUnplug()
    expect(qemu.pluggedVcpus).toEqual([0, 1])
    expect(qemu.pendingUnplugs).toEqual([])
  })

  test('a reset completes what is pending on pseries', async () => {
    const { qemu, client, events } = await start({ kind: 'pseries', threads: 2, maxcpus: 8, bootVcpus: 4 })
    qemu.guest.onUnplug = 'ignore'
    await client.execute('device_del', { id: '/machine/unattached/device[2]' })
    await client.execute('system_reset')
    const names = (await take(events, 8)).map((event) => (event as [string])[0])
    expect(names).toEqual([...Array.from({ length: 7 }, () => 'DEVICE_DELETED'), 'RESET'])
    expect(qemu.pluggedVcpus).toEqual([0, 1])
    expect(qemu.pendingUnplugs).toEqual([])
  })

  test('on x86 the guest that boots is not told of it, and comes upon it at the next plug', async () => {
    const { qemu, client } = await start({ kind: 'x86', maxcpus: 4, bootVcpus: 2 })
    await client.execute('stop')
    await client.execute('device_del', { id: '/machine/unattached/device[2]' })
    await client.execute('system_reset')
    await client.execute('cont')
    await client.execute('query-status')
    expect(qemu.pluggedVcpus).toEqual([0, 1])
    expect(qemu.pendingUnplugs).toEqual(['/machine/unattached/device[2]'])
    await client.execute('device_add', slot(3))
    await client.execute('query-status')
    expect(qemu.pluggedVcpus).toEqual([0, 3])
    expect(qemu.pendingUnplugs).toEqual([])
  })

  test('a guest that boots anew numbers what is plugged: by id, on pseries by the order of plugging', async () => {
    const x86 = await start({ kind: 'x86', maxcpus: 8, bootVcpus: 2 })
    for (const id of [5, 3]) await x86.client.execute('device_add', slot(id))
    await x86.client.execute('query-status')
    expect(x86.qemu.guest.seats.map(({ cpuIndex }) => cpuIndex)).toEqual([0, 1, 5, 3])
    await x86.client.execute('system_reset')
    await x86.client.execute('query-status')
    expect(x86.qemu.guest.seats.map(({ cpuIndex }) => cpuIndex)).toEqual([0, 1, 3, 5])
    const pseries = await start({ kind: 'pseries', maxcpus: 8, bootVcpus: 1 })
    const driver = 'power10_v2.0-spapr-cpu-core'
    for (const id of [5, 3]) await pseries.client.execute('device_add', { driver, 'core-id': id })
    await pseries.client.execute('system_reset')
    await pseries.client.execute('query-status')
    expect(pseries.qemu.guest.seats.map(({ cpuIndex }) => cpuIndex).slice(0, 4)).toEqual([0, 5, 3, undefined])
  })

  test('a stopped guest does not act until it runs again', async () => {
    const { qemu, client, events } = await start({ kind: 'x86', maxcpus: 4, bootVcpus: 2 })
    await client.execute('stop')
    await client.execute('device_del', { id: '/machine/unattached/device[2]' })
    expect(await client.execute('query-status')).toEqual({ running: false, status: 'paused' })
    expect(qemu.pluggedVcpus).toEqual([0, 1])
    await client.execute('cont')
    expect(qemu.pluggedVcpus).toEqual([0])
    const names = (await take(events, 6)).map((event) => (event as [string])[0])
    expect(names).toEqual(['STOP', 'RESUME', 'ACPI_DEVICE_OST', 'DEVICE_DELETED', 'DEVICE_DELETED', 'ACPI_DEVICE_OST'])
  })
})

test('pseries: a slot is a core, twelve children go before it, refusals have an event of their own', async () => {
  const { qemu, client, events } = await start({ kind: 'pseries', maxcpus: 16, threads: 4, bootVcpus: 4 })
  const core = (id: number) => ({ driver: 'power10_v2.0-spapr-cpu-core', 'core-id': id })
  await client.execute('device_add', { ...core(12), id: 'core12' })
  const cpus = await client.execute('query-cpus-fast')
  expect(cpus.map((cpu) => cpu['cpu-index'])).toEqual([0, 1, 2, 3, 12, 13, 14, 15])
  expect(cpus.at(-1)?.['qom-path']).toBe('/machine/peripheral/core12/thread[3]')
  const slots = await client.execute('query-hotpluggable-cpus')
  expect(slots[0]).toEqual({
    type: 'power10_v2.0-spapr-cpu-core',
    'vcpus-count': 4,
    props: { 'core-id': 12, 'node-id': 0 },
    'qom-path': '/machine/peripheral/core12',
  })
  expect(await refusal(client.execute('device_add', core(12)))).toEqual(['GenericError', 'core 12 already populated'])
  expect(await refusal(client.execute('device_add', core(3)))).toEqual(['GenericError', 'invalid core id 3'])
  expect(await refusal(client.execute('device_add', core(16)))).toEqual(['GenericError', 'core id 16 out of range'])
  expect(await refusal(client.execute('query-acpi-ospm-status'))).toHaveLength(2)
  expect(await refusal(client.execute('device_del', { id: '/machine/unattached/device[1]' }))).toEqual([
    'GenericError',
    'Boot CPU core may not be unplugged',
  ])
  expect(await refusal(client.execute('device_del', { id: '/machine/peripheral/core12/thread[1]' }))).toHaveLength(2)
  qemu.guest.onUnplug = 'refuse'
  await client.execute('device_del', { id: 'core12' })
  expect(await take(events, 1)).toEqual([
    ['DEVICE_UNPLUG_GUEST_ERROR', { device: 'core12', path: '/machine/peripheral/core12' }],
  ])
  qemu.guest.onUnplug = 'remove'
  await client.execute('device_del', { id: 'core12' })
  const deleted = await take(events, 13)
  expect(deleted.at(-1)).toEqual(['DEVICE_DELETED', { device: 'core12', path: '/machine/peripheral/core12' }])
  for (const event of deleted.slice(0, -1)) {
    expect(event).toEqual([
      'DEVICE_DELETED',
      { path: expect.stringMatching(/^\/machine\/peripheral\/core12\/thread/) as unknown },
    ])
  }
})

test('s390x plugs and never unplugs; microvm does neither', async () => {
  const { client } = await start({ kind: 's390x', maxcpus: 4, bootVcpus: 2, version: '7.2.0' })
  await client.execute('device_add', { driver: 'qemu-s390x-cpu', 'core-id': 3, id: 'c' })
  expect(await refusal(client.execute('device_del', { id: 'c' }))).toEqual([
    'GenericError',
    'CPU hot unplug not supported on this machine',
  ])
  expect(await client.execute('query-version')).toMatchObject({ qemu: { major: 7, minor: 2, micro: 0 } })
  const newer = await start({ kind: 's390x', maxcpus: 4 })
  const slots = await newer.client.execute('query-hotpluggable-cpus')
  expect(slots[0]?.props).toEqual({ 'core-id': 3, 'socket-id': 0, 'book-id': 0, 'drawer-id': 0 })

  const microvm = await start({ kind: 'no-hotplug', maxcpus: 4, bootVcpus: 2 })
  expect(await refusal(microvm.client.execute('query-hotpluggable-cpus'))).toEqual([
    'GenericError',
    'machine does not support hot-plugging CPUs',
  ])
  expect(await microvm.client.execute('query-cpus-fast')).toHaveLength(2)
  expect(await refusal(microvm.client.execute('device_add', slot(3)))).toHaveLength(2)
})

test.each([
  { kind: 'x86', maxcpus: 6, sockets: 4 },
  { kind: 'x86', maxcpus: 4, sockets: 2, cores: 4 },
  { kind: 'pseries', maxcpus: 8, threads: 4, bootVcpus: 2 },
  { kind: 'x86', maxcpus: 4, bootVcpus: 5 },
] as const)('refuses to be %j', (options) => {
  expect(() => new SimulatedQemu(options)).toThrow(expect.objectContaining({ code: 'ERR_MACHINE' }) as Error)
})

test('a hook can fail, hang, or stand in for a command, and can be taken off', async () => {
  const { qemu, client } = await start({ kind: 'x86' })
  const off = qemu.onCommand('query-status', () => {
    throw new Refusal('no', 'SomeClass')
  })
  expect(await refusal(client.execute('query-status'))).toEqual(['SomeClass', 'no'])
  off()
  await client.execute('query-status')
  qemu.onCommand('query-status', (_, usual) => ({ ...(usual() as object), status: 'odd' }))
  expect(await client.execute('query-status')).toEqual({ running: true, status: 'odd' })
  qemu.onCommand('x-own', (args) => args)
  expect(await client.execute('x-own', { a: 1 })).toEqual({ a: 1 })
  expect(await refusal(client.execute('x-other'))).toEqual([
    'CommandNotFound',
    'The command x-other has not been found',
  ])
  const reached = new Promise<void>((resolve) => {
    qemu.onCommand('stop', (args, usual) => {
      resolve()
      return hang(args, usual)
    })
  })
  const hanging = client.execute('stop')
  const behind = client.execute('query-status')
  await reached
  qemu.kill()
  await expect(hanging).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  await expect(behind).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  expect(qemu.commands.slice(-2).map(({ command }) => command)).toEqual(['x-other', 'stop'])
})

test('quit answers, says SHUTDOWN and goes', async () => {
  const { qemu, client, events } = await start({ kind: 'x86' })
  expect(await client.execute('quit')).toEqual({})
  expect(await take(events, 1)).toEqual([['SHUTDOWN', { guest: false, reason: 'host-qmp-quit' }]])
  expect(await client.closed).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
  await expect(QmpClient.connect(qemu.connect(), { clock: testClock() })).rejects.toMatchObject({
    code: 'ERR_CONNECTION_LOST',
  })
})

test('an agent in the same guest sees vCPUs come and go under ids of its own', async () => {
  const { qemu, client } = await start({ kind: 'x86', maxcpus: 8, bootVcpus: 2 })
  const agent = new SimulatedAgent(qemu.guest)
  const qga = await QgaClient.connect(agent.connect(), { clock: testClock() })
  await client.execute('device_add', { ...slot(5), id: 'a' })
  await client.execute('device_add', { ...slot(3), id: 'b' })
  expect(await qga.execute('guest-get-vcpus')).toEqual([
    { 'logical-id': 3, online: false, 'can-offline': true },
    { 'logical-id': 2, online: false, 'can-offline': true },
    { 'logical-id': 1, online: true, 'can-offline': true },
    { 'logical-id': 0, online: true, 'can-offline': false },
  ])
  await setGuestVcpus(qga, [{ 'logical-id': 2, online: true }])
  const path = await readGuestFile(qga, '/sys/devices/system/cpu/cpu2/firmware_node/path', { clock: testClock() })
  expect(Buffer.from(path).toString()).toBe('\\_SB_.CPUS.C005\n')
  await client.execute('device_del', { id: 'a' })
  const present = await readGuestFile(qga, '/sys/devices/system/cpu/present', { clock: testClock() })
  expect(Buffer.from(present).toString()).toBe('0-1,3\n')
  qemu.guest.onPlug = 'pretend'
  await client.execute('device_add', { ...slot(6), id: 'c' })
  expect(await qga.execute('guest-get-vcpus')).toHaveLength(3)
})

test('serves one client at a time, on a socket too', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sim-'))
  try {
    await using qemu = new SimulatedQemu({ kind: 'x86' })
    const path = join(directory, 'qmp.sock')
    await qemu.listen(path)
    const patient = { timeoutMs: 60_000 }
    const first = await QmpClient.connect(path, patient)
    let isServed = false
    const waiting = QmpClient.connect(path, patient).finally(() => {
      isServed = true
    })
    for (let turn = 0; turn < 10; turn++) await first.execute('query-status')
    expect(isServed).toBe(false)
    await first.close()
    const second = await waiting
    expect(await second.execute('query-status')).toMatchObject({ running: true })
  } finally {
    await rm(directory, { recursive: true })
  }
})
