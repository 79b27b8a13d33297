import { expect } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { boot } from './support/boot.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'

test('Linux 6.12 whose agent may not read files: what follows from the rule of its kernel is so', async () => {
  // The kernel takes slots from 6.9 on only under a hypervisor that it knows, and for VMware it takes this machine.
  await using guest = await boot({
    kernel: '6.12',
    machine: 'q35,vmport=on',
    cpu: 'max,-hypervisor',
    extraArgs: ['-smbios', 'type=1,serial=VMware-42'],
    agent: ['--block-rpcs=guest-file-open,guest-file-read,guest-file-close,guest-exec'],
  })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const sides = async (): Promise<[number, number | null | undefined, string | undefined][]> =>
    (await domain.vcpus()).filter(({ online }) => online).map(({ id, guest: side }) => [id, side?.id, side?.confidence])
  const truth = async (): Promise<[number, number, string][]> =>
    (await trueCpus(guest)).map(({ index, guestId }) => [index, guestId, 'computed'])

  for (const id of [5, 3]) await domain.setVcpuState(id, true)
  await expect.poll(async () => (await domain.getGuestMaps()).possible.size, { timeout: 60_000 }).toBe(4)
  expect(await truth()).toEqual([
    [0, 0, 'computed'],
    [1, 1, 'computed'],
    [3, 3, 'computed'],
    [5, 5, 'computed'],
  ])
  expect(await sides()).toEqual(await truth())

  // Present ascending: what is plugged at boot closes ranks.
  await guest.reset()
  expect(await sides()).toEqual(await truth())
  expect((await truth()).map(([, guestId]) => guestId)).toEqual([0, 1, 2, 3])

  // Then absent ascending: 2 comes behind those four.
  await domain.setVcpuState(2, true)
  await expect.poll(async () => (await domain.getGuestMaps()).possible.size, { timeout: 60_000 }).toBe(5)
  expect(await sides()).toEqual(await truth())
  expect((await truth()).map(([, guestId]) => guestId)).toEqual([0, 1, 4, 2, 3])
})
