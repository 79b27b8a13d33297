import { expect } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { boot } from './support/boot.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'

test("an agent that may not read files (RHEL's default): observed where a change was seen, and nothing else breaks", async () => {
  await using guest = await boot({
    agent: ['--block-rpcs=guest-file-open,guest-file-read,guest-file-close,guest-exec'],
  })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const sides = async (): Promise<string[]> =>
    (await domain.vcpus()).flatMap(({ id, guest: side }) =>
      side === null ? [] : [`${id} is ${side.id}, ${side.confidence}`],
    )

  expect(await sides()).toEqual(['0 is 0, computed', '1 is 1, computed'])
  const five = await domain.setVcpuState(5, true, { guest: true })
  expect(String(five.guest?.ids)).toBe('2')
  const three = await domain.setVcpuState(3, true, { guest: true })
  expect(String(three.guest?.ids)).toBe('3')
  expect(await sides()).toEqual(['0 is 0, computed', '1 is 1, computed', '3 is 3, observed', '5 is 2, observed'])
  // The guest's own word, which the agent may not pass on.
  expect((await trueCpus(guest)).map(({ index, guestId }) => [index, guestId])).toEqual([
    [0, 0],
    [1, 1],
    [3, 3],
    [5, 2],
  ])
  expect(await domain.guestCpuToVcpu(2)).toMatchObject({ id: 5 })

  await domain.setVcpuState(5, false, { guest: true })
  expect(await sides()).toEqual(['0 is 0, computed', '1 is 1, computed', '3 is 3, observed'])
  await expect(domain.setVcpuState(1, false, { guest: true })).rejects.toMatchObject({
    code: 'ERR_UNSURE',
    outcome: 'not-sent',
  })
  await domain.setVcpuState(1, false, { guest: true, leastConfidence: 'computed' })
  expect(await sides()).toEqual(['0 is 0, computed', '3 is 3, observed'])

  // A guest that boots again numbers anew: what was observed is so no longer.
  await guest.reset()
  const truth = await trueCpus(guest)
  expect(truth.map(({ index, guestId }) => [index, guestId])).toEqual([
    [0, 0],
    [3, 1],
  ])
  expect(await sides()).toEqual(['0 is 0, computed', '3 is 1, computed'])
})
