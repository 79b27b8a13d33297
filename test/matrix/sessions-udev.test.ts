import { describe, expect, test } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { eventually } from '../real/support/eventually.ts'
import { AS_VMWARE, bootX86, cellsOf } from './sessions/x86-guest.ts'

const ROUNDS = 5

// systemd's udevd with the rule by which distributions turn on each CPU that appears, in the kit's own small userland.
describe.each([
  { kernel: '6.1', machine: 'q35', options: {}, guestId: 2 },
  { kernel: '6.12', machine: 'q35, as VMware', options: AS_VMWARE, guestId: 5 },
] as const)('q35 on QEMU 11, kernel $kernel, a guest with udev', ({ kernel, machine, options, guestId }) => {
  test('its rule turns on what is plugged, and a verified plug is done whichever of the two was first', async () => {
    await using guest = await bootX86('11', kernel, { ...options, udev: true })
    showConsoleOnFailure(guest)
    await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
    const cell = cellsOf(guest, machine)
    const isOn = async (): Promise<boolean> =>
      (await trueCpus(guest)).some(({ index, online }) => index === 5 && online)

    await cell('plug', 'turned on by a udev rule', async () => {
      await domain.setVcpuState(5, true)
      await eventually('the rule has turned it on', isOn)
      expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: guestId, online: true, confidence: 'exact' })
      return undefined
    })
    await cell('agent', 'off, which the rule leaves alone', async () => {
      await domain.setGuestVcpuState(guestId, false)
      await guest.shell('udevadm settle')
      expect(await isOn()).toBe(false)
      await domain.setGuestVcpuState(guestId, true)
      return undefined
    })
    await cell('unplug', 'of what a udev rule turned on', async () => {
      await domain.setVcpuState(5, false, { guest: true })
      expect((await trueCpus(guest)).map(({ index }) => index)).toEqual([0, 1])
      return undefined
    })
    await cell('plug', 'beside a udev rule, carried through into the guest', async () => {
      for (let round = 0; round < ROUNDS; round++) {
        const change = await domain.setVcpuState(5, true, { guest: true })
        expect([String(change.changed), String(change.guest?.ids)]).toEqual(['5', String(guestId)])
        expect(await isOn()).toBe(true)
        await domain.setVcpuState(5, false, { guest: true })
      }
      return undefined
    })
  })
})
