import { describe, expect, test } from 'vitest'
import { bootGuest, ensureGuestImage, resolveQemu } from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { guestTruth } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { asCell, type Aspect } from './results.ts'
import { progress } from './support.ts'

// The older PC has an ACPI controller of its own for the same hotplug: one change each way, through the guest and back.
describe.each(['10.0', '11'] as const)('pc on QEMU %s, kernel 6.1', (version) => {
  test('a vCPU comes, is told from the others, is turned off and on, and goes', async () => {
    const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, progress)
    const qemu = await resolveQemu(version, 'x86_64', progress)
    await using guest = await bootGuest({ qemu, image, machine: 'pc', smp: '2,maxcpus=8' })
    showConsoleOnFailure(guest)
    await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
    const seenWith = { arch: image.arch, kernel: image.kernelRelease, agent: image.agentVersion }
    const cell = (aspect: Aspect, body: () => Promise<void>): Promise<void> =>
      asCell(
        { machine: 'pc', configuration: 'there and back', qemu: guest.qemuVersion, guest: seenWith, aspect },
        async () => {
          await body()
          return { verdict: 'yes' }
        },
      )

    await cell('plug', async () => {
      const { changed, guest: side } = await domain.setVcpuState(5, true, { guest: true })
      expect([String(changed), String(side?.ids)]).toEqual(['5', '2'])
      expect(await trueIndexes(guest)).toEqual([0, 1, 5])
      expect(await guestTruth(guest)).toEqual({ present: '0-2', online: '0-2' })
    })
    await cell('translation', async () => {
      expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: 2, online: true, confidence: 'exact' })
      expect((await domain.guestCpuToVcpu(2))?.id).toBe(5)
    })
    await cell('agent', async () => {
      expect(String((await domain.setGuestVcpuState(2, false)).changed)).toBe('2')
      expect(await guestTruth(guest)).toEqual({ present: '0-2', online: '0-1' })
      expect(String((await domain.setGuestVcpuState(2, true)).changed)).toBe('2')
      expect(await guestTruth(guest)).toEqual({ present: '0-2', online: '0-2' })
    })
    await cell('unplug', async () => {
      expect(String((await domain.setVcpuState(5, false, { guest: true })).changed)).toBe('5')
      expect(await trueIndexes(guest)).toEqual([0, 1])
      expect(await guestTruth(guest)).toEqual({ present: '0-1', online: '0-1' })
    })
  })
})
