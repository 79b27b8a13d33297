import { expect, test } from 'vitest'
import { Domain, QgaClient, QmpClient } from '../../src/index.ts'
import { SimulatedVm, VirtualClock } from '../../src/testing/index.ts'
import { settled } from './support.ts'

// npm run fuzz: with clients of the caller's own, a command that waited in the client for its turn or for a sync left after the
// domain was closed.
test('what waits for its turn in a client of the caller is not sent once the domain is closed', async () => {
  const clock = new VirtualClock()
  const vm = new SimulatedVm({ machine: { kind: 'x86', bootVcpus: 2, maxcpus: 8 }, clock })
  const qmp = await clock.run(QmpClient.connect(vm.qmp, { clock }))
  const qga = await clock.run(QgaClient.connect(vm.qga, { clock, sync: false }))
  const domain = await clock.run(Domain.connect({ qmp, qga, clock }))
  const calls = [
    settled(domain.getGuestMaps()),
    settled(domain.getGuestMaps()),
    settled(domain.setGuestVcpuState(1, false)),
  ] as const
  await domain.close()
  await clock.advance(60_000)
  expect((await Promise.all(calls)).map(({ state }) => state)).toEqual(['failed', 'failed', 'failed'])
  const received = vm.agent?.commands.map(({ command }) => command) ?? []
  expect(received.filter((command) => command !== 'guest-sync-delimited')).toEqual([])
  await qga.close()
  await qmp.close()
})
