import { expect } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { AgentRounds } from '../support/agent-rounds.ts'
import { boot } from './support/boot.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'

test('sixteen CPUs, in few rounds and later in one, by one file and by many; each id as the guest has it', async () => {
  await using guest = await boot({ smp: '12,maxcpus=16' })
  showConsoleOnFailure(guest)
  const rounds = new AgentRounds()
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath, trace: rounds.trace })
  const sides = async (): Promise<[number, number | null | undefined][]> =>
    (await domain.vcpus()).filter(({ online }) => online).map(({ id, guest: side }) => [id, side?.id])
  const truth = async (): Promise<[number, number][]> =>
    (await trueCpus(guest)).map(({ index, guestId }) => [index, guestId])

  // Twelve that run: /proc/cpuinfo and the monitor's APIC ids say it.
  expect(await sides()).toEqual(await truth())
  expect(rounds.count).toBeLessThanOrEqual(4)
  expect(rounds.commands.filter((command) => command === 'guest-file-open')).toHaveLength(1)

  // Four more, out of order, that do not run: each has a file of its own, and only those are read.
  for (const id of [15, 13, 12, 14]) await domain.setVcpuState(id, true)
  await expect.poll(async () => (await domain.getGuestMaps()).possible.size, { timeout: 60_000 }).toBe(16)
  rounds.reset()
  expect(await sides()).toEqual(await truth())
  expect(rounds.commands.filter((command) => command === 'guest-file-open')).toHaveLength(4)
  // Four at best: list, open, read, close. Where a slow guest answers one file before another, each answer may begin a round.
  expect(rounds.count).toBeLessThanOrEqual(1 + 1 + 4 + 4)
  rounds.reset()
  expect(await sides()).toEqual(await truth())
  expect(rounds.commands).toEqual(['guest-get-vcpus'])
})
