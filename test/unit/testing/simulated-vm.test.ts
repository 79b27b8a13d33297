import { expect, test } from 'vitest'
import { readGuestFile } from '../../../src/qga/index.ts'
import { QmpClient } from '../../../src/qmp/index.ts'
import { SimulatedVm, VirtualClock, type TraceEntry } from '../../../src/testing/index.ts'
import { settle } from '../wire/scripted-peer.ts'
import { testClock } from '../../support/passing-clock.ts'
import { agentOf, guestCpus, monitorOf, plugged, slot, timedVm } from './vm-kit.ts'

/** A scripted session: plugs, onlines, unplugs, resets, kexecs and restarts, over virtual time. */
async function session(seed: number): Promise<{ vm: SimulatedVm; trace: readonly TraceEntry[]; endMs: number }> {
  const setup = timedVm({ seed, guest: { onUnplug: ['remove', 'remove', 'refuse', 'ignore'] } })
  const { clock, vm, run } = setup
  const monitor = await monitorOf(setup)
  const agent = await agentOf(setup)
  for (const id of [5, 3, 6]) await monitor.add(id, `cpu${id}`)
  await clock.advance(100)
  await run(agent.execute('guest-set-vcpus', { vcpus: [{ 'logical-id': 2, online: true }] }))
  for (const id of ['cpu5', 'cpu3', 'cpu6']) await monitor.del(id)
  await clock.advance(1_000)
  vm.reset()
  await clock.advance(10_000)
  vm.other.plug(7)
  await clock.advance(vm.random.integer(1, 200))
  vm.kexec()
  await clock.advance(10_000)
  await run(agent.execute('guest-get-vcpus'))
  vm.restart({ downMs: 50 })
  await clock.advance(10_000)
  const again = await monitorOf(setup)
  await again.add(2, 'again')
  await clock.advance(30 * 86_400_000)
  return { vm, trace: vm.trace, endMs: clock.now() }
}

test('the same seed gives the same trace, and another seed another one', async () => {
  const [one, two, other] = [await session(7), await session(7), await session(8)]
  expect(two.trace).toEqual(one.trace)
  expect(two.vm.truth()).toEqual(one.vm.truth())
  expect(other.trace).not.toEqual(one.trace)
  expect(one.trace.length).toBeGreaterThan(30)
})

test('a session of a month ends as it should', async () => {
  const { vm, endMs } = await session(3)
  expect(endMs).toBeGreaterThan(30 * 86_400_000)
  expect(plugged(vm)).toEqual([0, 1, 2])
  expect(guestCpus(vm)).toEqual([
    [0, 0, true],
    [1, 1, true],
    [2, 2, false],
  ])
  const { requests, qemu, boot } = vm.truth()
  expect([qemu, boot]).toEqual([2, 4])
  expect(requests.map(({ command, by, qemu, boot, outcome }) => [command, by, qemu, boot, outcome])).toEqual([
    ...Array.from({ length: 3 }, () => ['device_add', 'client', 1, 1, 'accepted']),
    ...Array.from({ length: 3 }, () => ['device_del', 'client', 1, 1, 'accepted']),
    ['device_add', 'other', 1, 2, 'accepted'],
    ['device_add', 'client', 2, 4, 'accepted'],
  ])
})

test('what the guest does takes its time: answer, listing, giving up', async () => {
  const setup = timedVm({
    timing: { monitor: [0, 0], look: [10, 10], ost: [5, 5], listing: [20, 20], eject: [30, 30] },
  })
  const { clock, vm } = setup
  const monitor = await monitorOf(setup)
  const begin = clock.now()
  await monitor.add(5, 'five')
  expect([clock.now() - begin, monitor.names(), guestCpus(vm).length]).toEqual([0, [], 2])
  await clock.advance(15)
  expect([monitor.names(), guestCpus(vm).length]).toEqual([['ACPI_DEVICE_OST'], 2])
  await clock.advance(15)
  expect(guestCpus(vm)).toContainEqual([5, 2, false])
  await monitor.del('five')
  await clock.advance(10)
  expect(monitor.heard.at(-1)?.data).toMatchObject({ info: { source: 3, status: 0x84 } })
  expect(vm.truth().slots[5]?.pendingUnplug).toEqual({ boot: 1 })
  await clock.advance(29)
  expect(plugged(vm)).toEqual([0, 1, 5])
  await clock.advance(1)
  expect(plugged(vm)).toEqual([0, 1])
  expect(vm.truth().slots[5]).toMatchObject({ device: undefined, pendingUnplug: undefined })
})

test('both peers take their time to answer, and answer in order', async () => {
  const setup = timedVm({ timing: { monitor: [3, 3], agent: [40, 40] } })
  const { clock, run } = setup
  const monitor = await monitorOf(setup)
  const agent = await agentOf(setup)
  const begin = clock.now()
  await run(Promise.all([monitor.client.execute('query-status'), monitor.client.execute('query-version')]))
  expect(clock.now() - begin).toBe(6)
  await run(agent.execute('guest-ping'))
  expect(clock.now() - begin).toBe(46)
})

test('without a clock everything happens within ticks', async () => {
  await using vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 } })
  const client = await QmpClient.connect(vm.qmp(), { clock: testClock() })
  await client.execute('device_add', { ...slot(5), id: 'five' })
  await client.execute('query-status')
  expect(guestCpus(vm)).toContainEqual([5, 2, false])
  await client.execute('device_del', { id: 'five' })
  await client.execute('query-status')
  expect(plugged(vm)).toEqual([0, 1])
  vm.reset()
  vm.restart({ downMs: 1_000 })
  await settle()
  expect(vm.truth()).toMatchObject({ qemu: 2, boot: 3, isUp: true, isAlive: true, atMs: 0 })
})

test('threads, devices, guest CPUs and what was asked of whom are told apart by slot', async () => {
  const setup = timedVm({ guest: { onUnplug: 'ignore' } })
  const { clock, vm } = setup
  const monitor = await monitorOf(setup)
  await monitor.add(5, 'five')
  await clock.advance(1_000)
  await monitor.del('five')
  await clock.advance(1_000)
  const { slots } = vm.truth()
  expect(slots).toHaveLength(8)
  expect(slots[1]).toEqual({
    device: { id: undefined, path: '/machine/unattached/device[2]' },
    vcpus: [{ id: 1, threadId: 4_001, guest: { logicalId: 1, online: true } }],
    pendingUnplug: undefined,
  })
  expect(slots[5]).toEqual({
    device: { id: 'five', path: '/machine/peripheral/five' },
    vcpus: [{ id: 5, threadId: 4_002, guest: { logicalId: 2, online: false } }],
    pendingUnplug: { boot: 1 },
  })
  expect(slots[6]).toEqual({
    device: undefined,
    vcpus: [{ id: 6, threadId: undefined, guest: undefined }],
    pendingUnplug: undefined,
  })
})

test('guest-set-vcpus is recorded with the vCPU that the CPU was at that moment', async () => {
  const setup = timedVm()
  const { clock, vm, run } = setup
  const monitor = await monitorOf(setup)
  const agent = await agentOf(setup)
  const set = (...cpus: (readonly [number, boolean])[]) =>
    run(agent.execute('guest-set-vcpus', { vcpus: cpus.map(([id, online]) => ({ 'logical-id': id, online })) }))
  await monitor.add(5, 'five')
  await clock.advance(100)
  await monitor.add(3, 'three')
  await clock.advance(100)
  await set([2, true], [3, true], [9, true])
  vm.reset()
  await clock.advance(10_000)
  await set([2, false])
  vm.other.guestSet(3, false)
  expect(
    vm.truth().switches.map(({ boot, by, logicalId, cpuIndex, online }) => [boot, by, logicalId, cpuIndex, online]),
  ).toEqual([
    [1, 'client', 2, 5, true],
    [1, 'client', 3, 3, true],
    [2, 'client', 2, 3, false],
    [2, 'other', 3, 5, false],
  ])
})

test('the guest tells its boot id and uptime in files', async () => {
  const setup = timedVm({ timing: { agent: [0, 0], boot: [1_000, 1_000] } })
  const { clock, vm, run } = setup
  const agent = await agentOf(setup)
  const cat = async (path: string) => Buffer.from(await run(readGuestFile(agent, path, { clock }))).toString()
  const first = await cat('/proc/sys/kernel/random/boot_id')
  expect(first).toBe(`${vm.truth().bootId}\n`)
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\n$/)
  await clock.advance(61_500)
  expect(await cat('/proc/uptime')).toBe('61.50 0.00\n')
  vm.kexec()
  await clock.advance(5_000)
  expect(await cat('/proc/uptime')).toBe('5.00 0.00\n')
  expect(await cat('/proc/sys/kernel/random/boot_id')).not.toBe(first)
})

test('timestamps of events are the clock’s', async () => {
  const setup = timedVm()
  const { clock, vm } = setup
  const monitor = await monitorOf(setup)
  await clock.advance(2_500 - clock.now())
  vm.pause()
  await clock.advance(0)
  expect(monitor.heard).toEqual([
    { event: 'STOP', data: {}, timestamp: { seconds: 1_700_000_002, microseconds: 500_000 } },
  ])
})

test('answers a QEMU of its version: accelerator, machine, qom-type, the class of a blocked command', async () => {
  const eleven = timedVm({
    machine: { kind: 'x86', version: '11.0.0', bootVcpus: 2, maxcpus: 8 },
    accelerator: 'tcg',
    agent: { blocked: ['guest-file-open'], version: '11.0.0' },
  })
  const { client } = await monitorOf(eleven)
  const ask = (command: string, args?: Record<string, unknown>) => eleven.run(client.execute(command, args))
  expect(await ask('query-accelerators')).toEqual({ enabled: 'tcg', present: ['kvm', 'mshv', 'qtest', 'tcg'] })
  expect(await ask('query-kvm')).toEqual({ enabled: false, present: true })
  expect(await ask('query-name')).toEqual({})
  expect(await ask('query-migrate')).toEqual({})
  expect(await ask('qom-get', { path: '/machine', property: 'type' })).toBe('pc-q35-11.0-machine')
  expect(await ask('qom-get', { path: '/machine', property: 'smp' })).toMatchObject({ cpus: 2, maxcpus: 8 })
  expect(await ask('qom-get', { path: '/machine/unattached/device[2]', property: 'apic-id' })).toBe(1)
  await expect(ask('qom-get', { path: '/nowhere', property: 'x' })).rejects.toMatchObject({
    errorClass: 'DeviceNotFound',
  })
  await expect(ask('qom-get', { path: '/machine', property: 'x' })).rejects.toMatchObject({
    errorClass: 'GenericError',
  })
  expect(eleven.vm.qemu.board.cpusFast()[0]).toMatchObject({ 'qom-type': 'qemu64-x86_64-cpu' })

  const blockedBy = async (version: string) => {
    const setup = timedVm({ agent: { blocked: ['guest-file-open'], version } })
    const agent = await agentOf(setup)
    return setup.run(agent.execute('guest-file-open', { path: '/x' })).catch((error: unknown) => error)
  }
  expect(await blockedBy('11.0.0')).toMatchObject({ errorClass: 'CommandNotFound' })
  expect(await blockedBy('4.1.0')).toMatchObject({ errorClass: 'GenericError' })
  const ten = timedVm()
  const old = await monitorOf(ten)
  await expect(ten.run(old.client.execute('query-accelerators'))).rejects.toMatchObject({
    errorClass: 'CommandNotFound',
  })
})

test('a VM without an agent, and one without QEMU, cannot be dialled', async () => {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine: { kind: 's390x', maxcpus: 4 }, agent: false, clock })
  expect(() => vm.qga()).toThrow(expect.objectContaining({ code: 'ERR_CONNECT', outcome: 'not-sent' }) as Error)
  vm.restart({ downMs: 100 })
  expect(() => vm.qmp()).toThrow(expect.objectContaining({ code: 'ERR_CONNECT' }) as Error)
  await clock.advance(100)
  await clock.run(QmpClient.connect(vm.qmp(), { clock: testClock() }))
  vm.kill()
  expect(() => vm.qmp()).toThrow(expect.objectContaining({ code: 'ERR_CONNECT' }) as Error)
  expect(vm.truth().isAlive).toBe(false)
})

test('an argument that a command does not have is refused', async () => {
  const setup = timedVm()
  const { client } = await monitorOf(setup)
  await expect(
    setup.run(client.execute('device_del', { id: '/machine/unattached/device[2]', force: true } as { id: string })),
  ).rejects.toMatchObject({ errorClass: 'GenericError', description: "Parameter 'force' is unexpected" })
  expect(setup.vm.truth().requests).toMatchObject([{ command: 'device_del', outcome: 'refused' }])
})
