import { describe, expect, test } from 'vitest'
import { QmpClient } from '../../../src/qmp/index.ts'
import { agentOf, failure, guestCpus, monitorOf, plugged, timedVm } from './vm-kit.ts'

const boots = { timing: { boot: [1_000, 1_000], agent: [1, 1], agentStart: [500, 500] } } as const

describe('the guest boots anew', () => {
  test('a reset is heard, numbers the CPUs anew, and takes the agent with it', async () => {
    const setup = timedVm(boots)
    const { clock, vm, run } = setup
    const monitor = await monitorOf(setup)
    const agent = await agentOf(setup)
    await monitor.add(5, 'five')
    await clock.advance(100)
    await monitor.add(3, 'three')
    await clock.advance(100)
    expect(guestCpus(vm)).toContainEqual([5, 2, false])
    monitor.heard.length = 0
    vm.reset()
    expect(vm.truth()).toMatchObject({ boot: 2, isUp: false, status: 'running' })
    expect(guestCpus(vm)).toEqual([])
    const ping = run(agent.execute('guest-ping'))
    await ping
    expect(clock.now()).toBeGreaterThan(1_000)
    expect(guestCpus(vm)).toEqual([0, 1, 3, 5].map((id, at) => [id, at, true]))
    expect(monitor.heard.map(({ event, data }) => [event, data])).toEqual([
      ['VSERPORT_CHANGE', { id: 'channel0', open: false }],
      ['RESET', { guest: false, reason: 'host-qmp-system-reset' }],
      ['VSERPORT_CHANGE', { id: 'channel0', open: true }],
    ])
  })

  test('system_reset does the same', async () => {
    const setup = timedVm(boots)
    const monitor = await monitorOf(setup)
    await setup.run(monitor.client.execute('system_reset'))
    expect(setup.vm.truth()).toMatchObject({ boot: 2, isUp: false })
    await setup.clock.advance(1_000)
    expect(setup.vm.truth().isUp).toBe(true)
    expect(monitor.names()).toEqual(['VSERPORT_CHANGE', 'RESET', 'VSERPORT_CHANGE'])
  })

  test('a reset can go unheard, and so does the agent that comes back', async () => {
    const setup = timedVm(boots)
    const monitor = await monitorOf(setup)
    setup.vm.reset({ heard: false })
    await setup.clock.advance(2_000)
    expect(setup.vm.truth()).toMatchObject({ boot: 2, isUp: true })
    expect(monitor.names()).toEqual([])
    setup.vm.reset()
    await setup.clock.advance(2_000)
    expect(monitor.names()).toHaveLength(3)
  })

  test('a pending unplug outlives it on x86, is forgotten by the guest, and is come upon at the next plug', async () => {
    const setup = timedVm(boots)
    const { clock, vm } = setup
    const monitor = await monitorOf(setup)
    vm.guest.onUnplug = 'ignore'
    await monitor.del('/machine/unattached/device[2]')
    await clock.advance(100)
    vm.guest.onUnplug = 'remove'
    vm.reset()
    await clock.advance(5_000)
    expect(vm.truth().slots[1]?.pendingUnplug).toEqual({ boot: 1 })
    await monitor.add(6, 'six')
    await clock.advance(1_000)
    expect(plugged(vm)).toEqual([0, 6])
  })

  test('what is asked of a guest that still boots is not heard by it; what is plugged meanwhile is found', async () => {
    const setup = timedVm(boots)
    const { clock, vm } = setup
    const monitor = await monitorOf(setup)
    vm.reset()
    await monitor.add(4, 'four')
    await monitor.del('/machine/unattached/device[2]')
    await clock.advance(10_000)
    expect(guestCpus(vm)).toEqual([0, 1, 4].map((id, at) => [id, at, true]))
    expect(vm.truth().slots[1]?.pendingUnplug).toEqual({ boot: 2 })
    await monitor.del('/machine/unattached/device[2]')
    await clock.advance(1_000)
    expect(plugged(vm)).toEqual([0, 4])
  })

  test('a reset in the middle of giving up a CPU keeps the CPU', async () => {
    const setup = timedVm({ timing: { look: [5, 5], eject: [100, 100] } })
    const monitor = await monitorOf(setup)
    await monitor.del('/machine/unattached/device[2]')
    await setup.clock.advance(50)
    setup.vm.reset()
    await setup.clock.advance(10_000)
    expect(plugged(setup.vm)).toEqual([0, 1])
    expect(setup.vm.truth().slots[1]?.pendingUnplug).toEqual({ boot: 1 })
  })

  test('kexec: QEMU says nothing of it, not even a RESET', async () => {
    const setup = timedVm(boots)
    const { clock, vm } = setup
    const monitor = await monitorOf(setup)
    const before = vm.truth().bootId
    vm.kexec()
    await clock.advance(2_000)
    expect(vm.truth()).toMatchObject({ qemu: 1, boot: 2, isUp: true })
    expect(vm.truth().bootId).not.toBe(before)
    expect(monitor.names()).toEqual(['VSERPORT_CHANGE', 'VSERPORT_CHANGE'])
  })
})

describe('another QEMU', () => {
  test('has the vCPUs of -smp, other threads, and a guest that boots; what was hotplugged is gone', async () => {
    const setup = timedVm({ ...boots, guest: { autoOnline: true } })
    const { clock, vm, run } = setup
    const monitor = await monitorOf(setup)
    await monitor.add(5, 'five')
    await clock.advance(100)
    expect(guestCpus(vm)).toContainEqual([5, 2, true])
    const threads = vm.truth().slots.map(({ vcpus }) => vcpus[0]?.threadId)
    vm.restart()
    await clock.advance(0)
    expect(monitor.client.state).toBe('closed')
    expect(vm.truth()).toMatchObject({ qemu: 2, boot: 2, isUp: false })
    expect(plugged(vm)).toEqual([0, 1])
    const after = vm.truth().slots.map(({ vcpus }) => vcpus[0]?.threadId)
    expect(after.filter((thread) => thread !== undefined && threads.includes(thread))).toEqual([])
    const again = await monitorOf(setup)
    await clock.advance(2_000)
    expect(again.names()).toEqual(['VSERPORT_CHANGE'])
    await run(again.client.execute('query-status'))
    await again.add(5, 'five')
    await clock.advance(100)
    expect(guestCpus(vm)).toContainEqual([5, 2, true])
  })

  test('what the last one had under way does not reach it', async () => {
    const setup = timedVm({ timing: { look: [50, 50] } })
    const monitor = await monitorOf(setup)
    await monitor.del('/machine/unattached/device[2]')
    setup.vm.restart()
    await setup.clock.advance(10_000)
    expect(plugged(setup.vm)).toEqual([0, 1])
    expect(setup.vm.truth().slots[1]?.pendingUnplug).toBeUndefined()
  })

  test('quit says SHUTDOWN and ends it', async () => {
    const setup = timedVm()
    const monitor = await monitorOf(setup)
    const agent = await agentOf(setup)
    await setup.run(monitor.client.execute('quit'))
    await setup.clock.advance(1)
    expect(monitor.names()).toEqual(['SHUTDOWN'])
    expect([monitor.client.state, agent.state, setup.vm.truth().isAlive]).toEqual(['closed', 'closed', false])
  })
})

describe('the monitor', () => {
  test('drops, and can be dialled again', async () => {
    const setup = timedVm()
    const monitor = await monitorOf(setup)
    setup.vm.dropMonitor()
    expect(await setup.run(monitor.client.closed)).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    expect(await (await monitorOf(setup)).status()).toBe('running')
  })

  test('is held by another client for a while: connections hear nothing', async () => {
    const setup = timedVm()
    const { clock, vm } = setup
    vm.holdMonitor(5_000)
    const waiting = QmpClient.connect(vm.qmp(), { timeoutMs: 60_000 })
    await clock.advance(4_999)
    let connected = false
    void waiting.then(() => {
      connected = true
    })
    await clock.advance(0)
    expect(connected).toBe(false)
    await clock.run(waiting)
    expect(clock.now()).toBeGreaterThanOrEqual(5_000)
    const release = vm.holdMonitor()
    vm.dropMonitor()
    const behind = QmpClient.connect(vm.qmp(), { timeoutMs: 60_000 })
    await clock.advance(100)
    release()
    await clock.run(behind)
  })
})

describe('the agent', () => {
  test('can be stopped: mute, and then it answers what it was asked', async () => {
    const setup = timedVm(boots)
    const agent = await agentOf(setup)
    setup.vm.stopAgent()
    let answered = false
    const ping = agent.execute('guest-ping', undefined, { timeoutMs: 120_000 }).then(() => {
      answered = true
    })
    await setup.clock.advance(60_000)
    expect(answered).toBe(false)
    setup.vm.contAgent()
    await setup.run(ping)
  })

  test('cannot be stopped before it is there', async () => {
    const setup = timedVm(boots)
    const agent = await agentOf(setup)
    setup.vm.stopAgent()
    setup.vm.reset()
    setup.vm.stopAgent()
    setup.vm.contAgent()
    setup.vm.stopAgent()
    await setup.run(agent.execute('guest-ping'))
    expect(setup.clock.now()).toBeGreaterThan(1_000)
  })

  test('can be restarted: events tell of it, and what it was asked is lost', async () => {
    const setup = timedVm(boots)
    const { clock, vm, run } = setup
    const monitor = await monitorOf(setup)
    const agent = await agentOf(setup)
    const handle = await run(agent.execute('guest-file-open', { path: '/proc/uptime' }))
    const lost = agent.execute('guest-ping')
    lost.catch(() => undefined)
    vm.restartAgent()
    await clock.advance(499)
    expect(monitor.heard.map(({ data }) => data)).toEqual([{ id: 'channel0', open: false }])
    await clock.advance(1)
    expect(monitor.heard.at(-1)).toMatchObject({ event: 'VSERPORT_CHANGE', data: { id: 'channel0', open: true } })
    await agent.close()
    await expect(lost).rejects.toMatchObject({ outcome: 'unknown' })
    const next = await agentOf(setup)
    expect(await failure(run(next.execute('guest-file-read', { handle })))).toContain('has not been found')
  })

  test('its connection can drop', async () => {
    const setup = timedVm()
    const agent = await agentOf(setup)
    setup.vm.dropAgent()
    expect(await setup.run(agent.closed)).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
    const next = await agentOf(setup)
    await setup.run(next.execute('guest-ping'))
  })
})

describe('the guest stands still', () => {
  test('paused and resumed: events without data, and nothing happens in between', async () => {
    const setup = timedVm()
    const { clock, vm, run } = setup
    const monitor = await monitorOf(setup)
    const channel = vm.qemu.connectApart()
    let raw = ''
    channel.on('data', (bytes: Buffer) => {
      raw += bytes.toString()
    })
    channel.write('{"execute":"qmp_capabilities"}')
    await clock.advance(10)
    vm.pause()
    expect(await monitor.status()).toBe('paused')
    await monitor.add(5, 'five')
    await clock.advance(60_000)
    expect(guestCpus(vm)).toHaveLength(2)
    vm.resume()
    await clock.advance(1_000)
    expect(guestCpus(vm)).toHaveLength(3)
    expect(monitor.names()).toEqual(['STOP', 'RESUME', 'ACPI_DEVICE_OST'])
    expect(raw).toMatch(/"event":"STOP"\}\r\n/)
    expect(raw).toMatch(/"event":"RESUME"\}\r\n/)
    await run(monitor.client.execute('stop'))
    expect(vm.truth().status).toBe('paused')
  })

  test('panic', async () => {
    const setup = timedVm()
    const monitor = await monitorOf(setup)
    setup.vm.panic()
    expect(await monitor.status()).toBe('guest-panicked')
    expect(monitor.heard.map(({ event, data }) => [event, data])).toEqual([
      ['GUEST_PANICKED', { action: 'pause' }],
      ['STOP', {}],
    ])
  })

  test('shutdown, after which only a reset helps', async () => {
    const setup = timedVm()
    const { clock, vm, run } = setup
    const monitor = await monitorOf(setup)
    vm.shutdown()
    expect(await monitor.status()).toBe('shutdown')
    expect(monitor.names()).toEqual(['SHUTDOWN', 'STOP'])
    expect(await failure(run(monitor.client.execute('cont')))).toBe(
      'GenericError: Resetting the Virtual Machine is required',
    )
    vm.reset()
    expect(await monitor.status()).toBe('prelaunch')
    await clock.advance(60_000)
    expect(vm.truth().isUp).toBe(false)
    await run(monitor.client.execute('cont'))
    await clock.advance(60_000)
    expect(vm.truth()).toMatchObject({ isUp: true, status: 'running' })
  })
})

test('another client plugs, unplugs and switches: everyone hears, and the record says who', async () => {
  const setup = timedVm()
  const { clock, vm } = setup
  const monitor = await monitorOf(setup)
  expect(vm.other.plug(5)).toBe('other-1')
  await clock.advance(1_000)
  vm.other.guestSet(2, true)
  expect(() => {
    vm.other.guestSet(9, true)
  }).toThrow('No such file')
  expect(() => vm.other.plug(5)).toThrow('exists')
  expect(() => vm.other.plug(99)).toThrow(expect.objectContaining({ code: 'ERR_VCPU' }) as Error)
  vm.other.unplug(5)
  vm.other.unplug(1)
  await clock.advance(1_000)
  expect(() => {
    vm.other.unplug(5)
  }).toThrow(expect.objectContaining({ code: 'ERR_VCPU' }) as Error)
  expect(plugged(vm)).toEqual([0])
  expect(monitor.names().filter((name) => name === 'DEVICE_DELETED')).toHaveLength(4)
  const { requests, switches } = vm.truth()
  expect(requests.map(({ command, by, outcome }) => `${by} ${command} ${outcome}`)).toEqual([
    'other device_add accepted',
    'other device_add refused',
    'other device_del accepted',
    'other device_del accepted',
  ])
  expect(switches).toMatchObject([{ by: 'other', logicalId: 2, cpuIndex: 5, online: true }])
})
