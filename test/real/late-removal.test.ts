import { expect } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain, type DomainEvent } from '../../src/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { boot } from './support/boot.ts'
import { eventually } from './support/eventually.ts'
import { unplugAndGiveUp } from './support/give-up.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'

test('a stopped guest: the unplug times out as unknown, and is adopted when the guest goes on', async () => {
  await using guest = await boot()
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const changes = domain.changes()
  await guest.query('stop')
  await expect(domain.setVcpuState(1, false, { timeoutMs: 3_000 })).rejects.toMatchObject({
    code: 'ERR_TIMEOUT',
    outcome: 'unknown',
  })
  expect(String(domain.pendingRemovals())).toBe('1')
  expect(String(await domain.getVcpuMap())).toBe('0-1')

  await guest.query('cont')
  // No call of ours is under way: the removal is seen all the same.
  const { value } = (await changes.next()) as { value: DomainEvent }
  expect({ ...value, ids: 'ids' in value ? String(value.ids) : '' }).toEqual({
    type: 'unplugged',
    ids: '1',
    deviceId: null,
    late: true,
  })
  expect(domain.pendingRemovals().size).toBe(0)
  expect(String(await domain.getVcpuMap())).toBe('0')
})

test('a request that was not heard is sent again; another for the same slot joins it', async () => {
  await using guest = await boot()
  showConsoleOnFailure(guest)
  const sent: string[] = []
  await using domain = await Domain.connect({
    qmp: guest.qmpPath,
    trace: ({ direction, bytes }) => {
      if (direction === 'out') sent.push(Buffer.from(bytes).toString())
    },
  })
  await guest.query('stop')
  await unplugAndGiveUp(domain, 1)
  await expect(domain.setVcpuState(1, true)).rejects.toMatchObject({ code: 'ERR_REMOVAL_PENDING', outcome: 'not-sent' })
  const second = domain.setVcpuState(1, false)
  const third = domain.setVcpuState(1, false)
  const requests = (): number => sent.filter((line) => line.includes('device_del')).length
  // The guest had not been heard when the first call gave up: QEMU is asked again, once, before the guest goes on.
  await eventually('QEMU is asked again', () => Promise.resolve(requests() === 2))
  await guest.query('cont')
  expect(String((await second).changed)).toBe('1')
  expect(String((await third).changed)).toBe('')
  expect(requests()).toBe(2)
})

test('a guest that is reset has forgotten the request: QEMU has not, and asking again is asking again', async () => {
  await using guest = await boot()
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  await guest.query('stop')
  await unplugAndGiveUp(domain, 1)
  await guest.query('system_reset')
  await guest.query('cont')
  await guest.waitForBoot()
  await guest.waitForAgent()
  // The guest has booted with it, and nobody has asked this guest.
  expect(await trueIndexes(guest)).toEqual([0, 1])
  expect(String(domain.pendingRemovals())).toBe('')
  expect(String((await domain.setVcpuState(1, false)).changed)).toBe('1')
  expect(await trueIndexes(guest)).toEqual([0])
})

test('what a reset left pending goes at the next plug of any vCPU, and is told', async () => {
  await using guest = await boot()
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  await guest.query('stop')
  await unplugAndGiveUp(domain, 1)
  await guest.query('system_reset')
  await guest.query('cont')
  await guest.waitForBoot()
  const changes = domain.changes()
  await domain.setVcpuState(5, true)
  const seen: string[] = []
  for await (const change of changes) {
    seen.push('ids' in change ? `${change.type} ${String(change.ids)}` : change.type)
    if (change.type === 'unplugged') break
  }
  expect(seen.filter((change) => change.includes(' '))).toEqual(['plugged 5', 'unplugged 1'])
  expect(String(await domain.getVcpuMap())).toBe('0,5')
})
