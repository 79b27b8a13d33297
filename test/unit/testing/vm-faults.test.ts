import { describe, expect, test } from 'vitest'
import { SimulatedVm, type Fault, type SimulatedVmOptions } from '../../../src/testing/index.ts'
import { agentOf, failure, monitorOf, plugged, slot, timedVm } from './vm-kit.ts'

const still = { timing: { monitor: [0, 0], agent: [0, 0], look: [10, 10], ost: [0, 0] } } as const

async function start(fault: Fault, options: Partial<SimulatedVmOptions> = {}) {
  const setup = timedVm({ ...still, ...options })
  const monitor = await monitorOf(setup)
  setup.vm.faults = [fault]
  const plug = () => failure(monitor.add(5, 'five'))
  return { ...setup, setup, ...monitor, plug }
}

const outcomes = (vm: SimulatedVm) => vm.truth().requests.map(({ outcome }) => outcome)

describe('of a command', () => {
  test('drop-before: the connection ends and nothing was done', async () => {
    const { vm, plug } = await start({ at: { command: 'device_add' }, do: 'drop-before' })
    expect(await plug()).toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
    expect([plugged(vm), outcomes(vm)]).toEqual([[0, 1], ['lost']])
  })

  test('drop-after: the connection ends and it was done', async () => {
    const { vm, plug } = await start({ at: { command: 'device_add' }, do: 'drop-after' })
    expect(await plug()).toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
    expect([plugged(vm), outcomes(vm)]).toEqual([[0, 1, 5], ['accepted']])
  })

  test('no-reply: it was done, and what follows is answered', async () => {
    const { clock, vm, client, status } = await start({ at: { command: 'device_add' }, do: 'no-reply' })
    const lost = client.execute('device_add', { ...slot(5), id: 'five' })
    lost.catch(() => undefined)
    expect(await status()).toBe('running')
    await clock.advance(100_000)
    expect(plugged(vm)).toEqual([0, 1, 5])
    await client.close()
    await expect(lost).rejects.toMatchObject({ outcome: 'unknown' })
  })

  test('hang: nothing is done nor answered from then on', async () => {
    const { clock, vm, client } = await start({ at: { command: 'device_add' }, do: 'hang' })
    const both = Promise.allSettled([client.execute('device_add', slot(5)), client.execute('query-status')])
    await expect(clock.run(both)).rejects.toMatchObject({ code: 'ERR_STALLED' })
    expect([plugged(vm), outcomes(vm)]).toEqual([[0, 1], ['lost']])
    await client.close()
    await both
  })

  test('late: done at once, answered later', async () => {
    const { clock, vm, run, client } = await start({ at: { command: 'device_add' }, do: 'late', ms: 3_000 })
    const plug = client.execute('device_add', { ...slot(5), id: 'five' })
    await clock.advance(0)
    expect(plugged(vm)).toEqual([0, 1, 5])
    await run(plug)
    expect(clock.now()).toBe(3_000)
  })

  test('slow: done, and answered, later', async () => {
    const { clock, vm, run, client } = await start({ at: { command: 'device_add' }, do: 'slow', ms: 3_000 })
    const plug = client.execute('device_add', { ...slot(5), id: 'five' })
    await clock.advance(2_999)
    expect(plugged(vm)).toEqual([0, 1])
    await run(plug)
    expect([clock.now(), plugged(vm)]).toEqual([3_000, [0, 1, 5]])
  })

  test('error: with class and words, late, or of what was done all the same', async () => {
    const at = { command: 'device_add' }
    const refused = await start({ at, do: 'error', class: 'DeviceNotFound', desc: 'no' })
    expect(await refused.plug()).toBe('DeviceNotFound: no')
    expect(plugged(refused.vm)).toEqual([0, 1])
    const odd = await start({ at, do: 'error', carriedOut: true, ms: 500 })
    expect(await odd.plug()).toBe('GenericError: simulated fault')
    expect([odd.clock.now(), plugged(odd.vm)]).toEqual([500, [0, 1, 5]])
  })

  test('nonsense: another value, or a line that is no JSON', async () => {
    const at = { command: 'query-cpus-fast' }
    const value = await start({ at, do: 'nonsense', value: [{}] })
    await expect(value.run(value.client.execute('query-cpus-fast'))).rejects.toMatchObject({ code: 'ERR_PROTOCOL' })
    const raw = await start({ at, do: 'nonsense', raw: 'x{' })
    await expect(raw.run(raw.client.execute('query-cpus-fast'))).rejects.toMatchObject({ outcome: 'unknown' })
    expect(raw.client.state).toBe('closed')
  })

  test('duplicate-reply and stray-error', async () => {
    const twice = await start({ at: { command: 'query-status' }, do: 'duplicate-reply' })
    expect(await twice.status()).toBe('running')
    await twice.clock.advance(0)
    expect(twice.client.droppedMessages).toBe(1)
    const stray = await start({ at: { command: 'x' }, do: 'stray-error' })
    await stray.run(Promise.allSettled([stray.client.execute('x')]))
    expect(stray.client.droppedMessages).toBe(1)
  })

  test('refuse-event-before-reply: the guest’s refusal is heard first', async () => {
    const really = await start({ at: { command: 'device_del' }, do: 'refuse-event-before-reply' })
    const done = really.run(really.client.execute('device_del', { id: '/machine/unattached/device[2]' }))
    const order: string[] = []
    void done.then(() => order.push(...really.names(), 'reply'))
    await done
    expect(order).toEqual(['ACPI_DEVICE_OST', 'ACPI_DEVICE_OST', 'reply'])
    await really.clock.advance(1_000)
    expect([plugged(really.vm), really.vm.truth().slots[1]?.pendingUnplug]).toEqual([[0, 1], undefined])

    const earlier = await start({ at: { command: 'device_del' }, do: 'refuse-event-before-reply', goes: true })
    await earlier.del('/machine/unattached/device[2]')
    expect(earlier.heard.at(-1)?.data).toMatchObject({ info: { slot: '1', source: 3, status: 0x81 } })
    await earlier.clock.advance(1_000)
    expect(plugged(earlier.vm)).toEqual([0])
  })

  test('the agent’s too', async () => {
    const setup = timedVm(still)
    const { vm, run } = setup
    const agent = await agentOf(setup)
    vm.faults = [{ at: { command: 'guest-set-vcpus' }, do: 'drop-after' }]
    const vcpus = [{ 'logical-id': 1, online: false }]
    await expect(run(agent.execute('guest-set-vcpus', { vcpus }))).rejects.toMatchObject({ outcome: 'unknown' })
    expect(vm.truth().switches).toMatchObject([{ cpuIndex: 1, online: false, by: 'client' }])
  })
})

describe('of an event', () => {
  test('late, doubled, missing, by name', async () => {
    const { clock, vm, names, add, del } = await start({ at: { event: 'ACPI_DEVICE_OST' }, do: 'late', ms: 5_000 })
    await add(5, 'five')
    await clock.advance(1_000)
    expect(names()).toEqual([])
    await clock.advance(5_000)
    expect(names()).toEqual(['ACPI_DEVICE_OST'])
    vm.faults = [
      { at: { event: 'ACPI_DEVICE_OST' }, do: 'missing' },
      { at: { event: 'DEVICE_DELETED', nth: 2 }, do: 'doubled' },
    ]
    await del('five')
    await clock.advance(1_000)
    expect(names().slice(1)).toEqual(['DEVICE_DELETED', 'DEVICE_DELETED', 'DEVICE_DELETED'])
    expect(vm.trace.filter(({ what }) => what === 'event')).toHaveLength(5)
  })
})

describe('set', () => {
  test('nth counts from when it was set; the first that strikes wins; injected ones can be taken back', async () => {
    const { vm, status } = await start({ at: { command: 'query-status', nth: 2 }, do: 'error', desc: 'second' })
    const words = async () => failure(status())
    const said = [await words(), await words(), await words()]
    expect(said).toEqual([{ resolved: 'running' }, 'GenericError: second', { resolved: 'running' }])
    const takeBack = vm.inject({ at: { command: 'query-status' }, do: 'error', desc: 'always' })
    expect(await words()).toBe('GenericError: always')
    expect(vm.faults).toHaveLength(2)
    takeBack()
    expect(await words()).toEqual({ resolved: 'running' })
  })

  test('faults outlive a restart', async () => {
    const { vm, setup } = await start({ at: { command: 'query-status' }, do: 'error', desc: 'always' })
    vm.restart()
    const again = await monitorOf(setup)
    expect(await failure(again.status())).toBe('GenericError: always')
  })

  test('what cannot be is refused', () => {
    const machine = { kind: 'x86' } as const
    const code = expect.objectContaining({ code: 'ERR_FAULT' }) as Error
    const late: Fault = { at: { command: 'x' }, do: 'late', ms: 1 }
    expect(() => new SimulatedVm({ machine, faults: [late] })).toThrow(code)
    const vm = new SimulatedVm({ machine })
    expect(() => vm.inject(late)).toThrow(code)
    expect(() => vm.inject({ at: { event: 'x', nth: 0 }, do: 'missing' })).toThrow(code)
  })
})
