import { expect } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { boot } from './support/boot.ts'
import { allMaps } from './support/maps.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'

test('kernel 6.12 under TCG says yes and does nothing: told as that, and rolled back without a trace', async () => {
  await using guest = await boot({ kernel: '6.12' })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const before = await allMaps(domain)

  const kept = domain.setVcpuState(5, true, { guest: true })
  await expect(kept).rejects.toMatchObject({
    name: 'GuestChangeError',
    code: 'ERR_GUEST_NOT_LISTED',
    outcome: 'partial',
    failedStep: 'listed-in-guest',
    steps: [{ step: 'device_add' }, { step: 'slot-filled' }, { step: 'guest-acknowledged' }],
  })
  await expect(kept).rejects.toThrow(
    'the guest answered that it took it, and does not list it: its kernel ignores the slot (CPUs that its kernel has room for: 0-1)',
  )
  await expect(kept).rejects.toThrow('stays plugged in QEMU; unplug it to undo that')
  expect(await allMaps(domain)).toMatchObject({ online: '0-1,5', 'agent-possible': '0-1' })
  expect((await domain.vcpus())[5]).toMatchObject({ online: true, guest: null })
  expect(String((await domain.setVcpuState(5, false, { guest: true })).changed)).toBe('5')
  expect(await allMaps(domain)).toEqual(before)

  const rolledBack = domain.setVcpuState(3, true, { guest: true, rollback: true })
  await expect(rolledBack).rejects.toMatchObject({ code: 'ERR_GUEST_NOT_LISTED', outcome: 'rejected' })
  await expect(rolledBack).rejects.toThrow('It was unplugged again')
  expect(await allMaps(domain)).toEqual(before)
})
