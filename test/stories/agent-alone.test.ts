import { expect, test } from 'vitest'
import { Domain } from '../../src/index.ts'
import { SimulatedAgent, SimulatedQemu } from '../../src/testing/index.ts'
import { testClock } from '../support/passing-clock.ts'

test('a VM that is reached through its agent alone', async () => {
  await using qemu = new SimulatedQemu({ kind: 'x86', bootVcpus: 3, maxcpus: 8 })
  await using agent = new SimulatedAgent(qemu.guest)
  await using domain = await Domain.connect({ qga: agent.connect(), clock: testClock() })
  expect(String(await domain.getVcpuMap('agent-online'))).toBe('0-2')
  expect(String((await domain.setGuestVcpuState(2, false)).changed)).toBe('2')
  expect(await domain.scaleGuest(3)).toMatchObject({ outcome: 'done', online: 3 })

  const refused = { name: 'InputError', code: 'ERR_NO_MONITOR' }
  await expect(domain.getVcpuMap('online')).rejects.toMatchObject(refused)
  await expect(domain.vcpus()).rejects.toMatchObject(refused)
  await expect(domain.doctor()).rejects.toMatchObject(refused)
  await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({ code: 'ERR_NO_MONITOR', outcome: 'not-sent' })
  await expect(Promise.resolve(domain.scale(4))).rejects.toMatchObject({ code: 'ERR_NO_MONITOR', outcome: 'not-sent' })
  expect(() => domain.changes()).toThrow(expect.objectContaining(refused) as Error)
  expect(qemu.commands).toEqual([])
})

test('without any endpoint', async () => {
  await expect(Domain.connect({})).rejects.toMatchObject({ name: 'InputError', code: 'ERR_ADDRESS' })
})
