import { describe, expect, test } from 'vitest'
import { CpuMap, Domain } from '../../../../src/index.ts'
import { QmpClient } from '../../../../src/qmp/index.ts'
import { SimulatedQemu } from '../../../../src/testing/index.ts'
import { changesSent, vm } from '../../../support/simulated-vm.ts'
import { testClock } from '../../../support/passing-clock.ts'
import { collect, told } from './fake-machine.ts'

describe('a domain', () => {
  test('plans without sending anything', async () => {
    const { qemu, domain } = await vm()
    const { from, to, steps } = await domain.plan(4)
    expect({ from, to, ids: steps.map(({ id }) => id) }).toEqual({ from: 2, to: 4, ids: [2, 3] })
    await expect(domain.plan(9)).rejects.toMatchObject({ code: 'ERR_NOT_REACHABLE', nearestBelow: 8 })
    expect(changesSent(qemu)).toEqual([])
  })

  test('scales up and down, and tells how', async () => {
    const { qemu, domain } = await vm()
    expect(await domain.scale(4)).toMatchObject({ changed: CpuMap.parse('2-3'), outcome: 'done', online: 4 })
    const { all } = await collect(domain.scale(3))
    expect(told(all)).toEqual(['planned', 'started 3', 'done 3'])
    expect(qemu.pluggedVcpus).toEqual([0, 1, 2])
  })

  test('spreads over NUMA nodes', async () => {
    const { domain } = await vm({ bootVcpus: 1, maxcpus: 8, numaNodes: 2 })
    await domain.scale(4, { policy: 'spread-nodes' })
    const nodes = (await domain.vcpus()).filter(({ online }) => online).map(({ props }) => props['node-id'])
    expect(nodes.toSorted()).toEqual([0, 0, 1, 1])
  })

  test('moves whole cores', async () => {
    const { domain } = await vm({ kind: 'pseries', bootVcpus: 4, maxcpus: 16, threads: 4 })
    expect(await domain.scale(12)).toMatchObject({ changed: CpuMap.parse('4-11'), online: 12 })
    expect(await domain.setVcpuStates(CpuMap.parse('4-7'), false)).toMatchObject({ changed: CpuMap.parse('4-7') })
    expect(String(await domain.getVcpuMap())).toBe('0-3,8-11')
  })

  test('sets a map of vCPUs, and refuses one before anything is sent', async () => {
    const { qemu, domain } = await vm()
    const { changed } = await domain.setVcpuStates(CpuMap.parse('1,3,6'), true)
    expect(String(changed)).toBe('3,6')
    const sent = changesSent(qemu)
    await expect(domain.setVcpuStates(CpuMap.parse('0,6'), false)).rejects.toMatchObject({
      code: 'ERR_NOT_OFFLINABLE',
      outcome: 'not-sent',
    })
    await expect(domain.scale(-1)).rejects.toMatchObject({ code: 'ERR_COUNT', outcome: 'not-sent' })
    await expect(domain.scale(3, { timeoutMs: -1 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT_RANGE' })
    expect(changesSent(qemu)).toEqual(sent)
  })

  test('refuses before anything is sent what is past the limit of x2APIC', async () => {
    const { qemu, domain } = await vm({ bootVcpus: 250, maxcpus: 300 })
    for (const run of [domain.scale(260), domain.setVcpuStates(CpuMap.parse('251-256'), true)]) {
      await expect(run).rejects.toMatchObject({ code: 'ERR_NO_X2APIC', outcome: 'not-sent', id: 255 })
    }
    expect(changesSent(qemu)).toEqual([])
  })

  test('that is aborted says which request is in flight', async () => {
    const { qemu, domain } = await vm()
    const controller = new AbortController()
    qemu.onCommand('device_add', (_, usual) => {
      if (qemu.pluggedVcpus.length < 3) return usual()
      controller.abort('enough')
      return new Promise(() => undefined)
    })
    const run = domain.scale(6, { signal: controller.signal })
    await expect(run).rejects.toMatchObject({ name: 'AbortError', outcome: 'unknown', cause: 'enough' })
    expect([String(run.changed), String(run.inDoubt)]).toEqual(['2', '3'])
  })

  test.each([
    [{ leastConfidence: JSON.parse('"much"') as 'exact' }, /./],
    [{ rollbackTimeoutMs: -1 }, /ERR_TIMEOUT_RANGE/],
  ])('refuses options that cannot be before anything is sent: %j', async (options, code) => {
    const { qemu, domain } = await vm()
    await expect(domain.scale(4, options)).rejects.toMatchObject({
      name: 'InputError',
      code: expect.stringMatching(code) as unknown,
      outcome: 'not-sent',
    })
    expect(changesSent(qemu)).toEqual([])
  })

  test('sees a client that works against it: each ends where it says', async () => {
    await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 3, maxcpus: 8 })
    await using monitor = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    const clock = testClock()
    await using one = await Domain.connect({ qmp: monitor, clock })
    await using other = await Domain.connect({ qmp: monitor, clock })
    const ends = await Promise.all([collect(one.scale(6)), collect(other.scale(2))])
    for (const { error } of ends) if (error !== undefined) expect(error).toMatchObject({ name: 'ScaleError' })
    await expect(one.scale(4)).resolves.toMatchObject({ online: 4 })
    expect(qemu.pluggedVcpus).toHaveLength(4)
  })

  test('stops where the guest refuses, and says what is left', async () => {
    const { qemu, domain } = await vm({ bootVcpus: 4 })
    qemu.onCommand('device_del', (_, usual) => {
      if (qemu.pluggedVcpus.length === 3) qemu.guest.onUnplug = 'refuse'
      return usual()
    })
    await expect(domain.scale(1)).rejects.toMatchObject({
      name: 'ScaleError',
      outcome: 'partial',
      changed: CpuMap.of(3),
      failed: { id: 2 },
      rest: [{ id: 1 }],
      cause: { name: 'GuestRefusedError' },
    })
    expect(qemu.pluggedVcpus).toEqual([0, 1, 2])
  })

  test('knows that a step whose part in the guest failed has plugged its vCPU', async () => {
    const { qemu, domain } = await vm()
    qemu.guest.onPlug = 'refuse'
    await expect(domain.scale(4, { guest: true })).rejects.toMatchObject({
      outcome: 'partial',
      changed: CpuMap.of(2),
      cause: { name: 'GuestChangeError' },
    })
    expect(qemu.pluggedVcpus).toEqual([0, 1, 2])
  })

  test('undoes that too with a roll-back', async () => {
    const { qemu, domain } = await vm()
    qemu.onCommand('device_add', (_, usual) => {
      if (qemu.pluggedVcpus.length === 3) qemu.guest.onPlug = 'refuse'
      return usual()
    })
    await expect(domain.scale(5, { guest: true, rollback: true })).rejects.toMatchObject({
      outcome: 'rejected',
      changed: CpuMap.empty,
      rolledBack: CpuMap.of(2),
    })
    expect(qemu.pluggedVcpus).toEqual([0, 1])
  })
})
