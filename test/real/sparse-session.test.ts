import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Guest } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { boot } from './support/boot.ts'
import { eventually } from './support/eventually.ts'
import { allMaps, expectGuestAgrees } from './support/maps.ts'
import { describeOnSoundQemu } from './support/sound-qemu.ts'

// One guest, one story: each test goes on from the state that the one before it left and says that state in full.
describeOnSoundQemu('a vCPU in the middle of the free slots', () => {
  let guest: Guest
  let domain: Domain

  beforeAll(async () => {
    guest = await boot()
    domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  })

  afterAll(async () => {
    await domain.close()
    await guest.stop()
  })

  test('at first, 0-1 of 0-7 are plugged', async () => {
    showConsoleOnFailure(guest)
    expect(await allMaps(domain)).toEqual({
      online: '0-1',
      onlinable: '2-7',
      offlinable: '1',
      possible: '0-7',
      'agent-online': '0-1',
      'agent-offline': '',
      'agent-offlinable': '1',
      'agent-onlinable': '',
      'agent-possible': '0-1',
    })
    await expectGuestAgrees(guest, domain)
  })

  test('plugged at 5, the guest lists it as its CPU 2, offline', async () => {
    showConsoleOnFailure(guest)
    const change = await domain.setVcpuState(5, true)
    const steps = change.steps.map(({ step }) => step)
    expect({ ...change, changed: String(change.changed), slot: String(change.slot), steps }).toEqual({
      changed: '5',
      outcome: 'done',
      id: 5,
      online: true,
      slot: '5',
      deviceId: expect.stringMatching(/^vcpu5-[0-9a-f]{8}$/) as string,
      guest: null,
      hostThreadId: expect.any(Number) as number,
      hostThreadIds: [expect.any(Number) as number],
      steps: ['device_add', 'slot-filled'],
    })
    await eventually('the guest lists CPU 2', async () => (await domain.getVcpuMap('agent-possible')).has(2))
    expect(await allMaps(domain)).toEqual({
      online: '0-1,5',
      onlinable: '2-4,6-7',
      offlinable: '1,5',
      possible: '0-7',
      'agent-online': '0-1',
      'agent-offline': '2',
      'agent-offlinable': '1',
      'agent-onlinable': '2',
      'agent-possible': '0-2',
    })
    await expectGuestAgrees(guest, domain)
  })

  test('turned on in the guest', async () => {
    showConsoleOnFailure(guest)
    expect(String((await domain.setGuestVcpuState(2, true)).changed)).toBe('2')
    expect(await allMaps(domain)).toMatchObject({
      online: '0-1,5',
      'agent-online': '0-2',
      'agent-offline': '',
      'agent-offlinable': '1-2',
      'agent-onlinable': '',
      'agent-possible': '0-2',
    })
    await expectGuestAgrees(guest, domain)
  })

  test('plugged at 3, the guest lists it as its CPU 3: by luck', async () => {
    showConsoleOnFailure(guest)
    await domain.setVcpuState(3, true)
    await eventually('the guest lists CPU 3', async () => (await domain.getVcpuMap('agent-possible')).has(3))
    expect(await allMaps(domain)).toMatchObject({
      online: '0-1,3,5',
      onlinable: '2,4,6-7',
      offlinable: '1,3,5',
      possible: '0-7',
      'agent-online': '0-2',
      'agent-onlinable': '3',
      'agent-possible': '0-3',
    })
    const sides = (await domain.vcpus()).map(({ id, guest: side }) => [id, side?.id ?? null, side?.confidence ?? null])
    expect(sides).toEqual([
      [0, 0, 'exact'],
      [1, 1, 'exact'],
      [2, null, null],
      [3, 3, 'exact'],
      [4, null, null],
      [5, 2, 'exact'],
      [6, null, null],
      [7, null, null],
    ])
  })

  test('turned off in the guest and unplugged at 5, the guest keeps 0-1,3: a hole', async () => {
    showConsoleOnFailure(guest)
    expect(String((await domain.setGuestVcpuState(2, false)).changed)).toBe('2')
    expect(String((await domain.setVcpuState(5, false)).changed)).toBe('5')
    await eventually('CPU 2 leaves the guest', async () => !(await domain.getVcpuMap('agent-possible')).has(2))
    expect(await allMaps(domain)).toEqual({
      online: '0-1,3',
      onlinable: '2,4-7',
      offlinable: '1,3',
      possible: '0-7',
      'agent-online': '0-1',
      'agent-offline': '3',
      'agent-offlinable': '1',
      'agent-onlinable': '3',
      'agent-possible': '0-1,3',
    })
    await expectGuestAgrees(guest, domain)
  })

  test('what is so already changes nothing', async () => {
    showConsoleOnFailure(guest)
    const before = await allMaps(domain)
    expect((await domain.setVcpuState(3, true)).changed.size).toBe(0)
    expect((await domain.setVcpuState(5, false)).changed.size).toBe(0)
    expect((await domain.setGuestVcpuState(1, true)).changed.size).toBe(0)
    expect((await domain.setGuestVcpuState(3, false)).changed.size).toBe(0)
    expect(await allMaps(domain)).toEqual(before)
  })

  test('vCPU 1 of -smp has no device id, and goes by its QOM path and comes back', async () => {
    showConsoleOnFailure(guest)
    const before = (await domain.vcpus())[1]
    expect(before).toMatchObject({
      deviceId: null,
      qomPath: expect.stringMatching(/^\/machine\/unattached\//) as string,
    })
    expect(await domain.setVcpuState(1, false)).toMatchObject({ deviceId: null })
    expect(String(await domain.getVcpuMap('online'))).toBe('0,3')
    const back = await domain.setVcpuState(1, true)
    expect((await domain.vcpus())[1]).toMatchObject({ deviceId: back.deviceId, online: true, offlinable: true })
    expect(String(await domain.getVcpuMap('online'))).toBe('0-1,3')
  })

  test('changes asked for at once run one at a time, in the order in which they came', async () => {
    showConsoleOnFailure(guest)
    const order: string[] = []
    const note = (what: string) => () => {
      order.push(what)
    }
    await Promise.all([
      domain.setVcpuState(7, true).then(note('7 on')),
      domain.setVcpuState(2, true).then(note('2 on')),
      domain.setVcpuState(7, false).then(note('7 off')),
    ])
    expect(order).toEqual(['7 on', '2 on', '7 off'])
    expect(String(await domain.getVcpuMap('online'))).toBe('0-3')
  })
})
