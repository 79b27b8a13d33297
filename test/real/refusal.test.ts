import { expect, test } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain, GuestRefusedError } from '../../src/index.ts'
import { boot } from './support/boot.ts'
import { allMaps } from './support/maps.ts'
import { isSoundQemu } from './support/sound-qemu.ts'

// Two deadline tasks that together want more than one CPU: the kernel cannot give up either of two CPUs and says "busy".
const OCCUPY =
  'for i in 1 2; do chrt-deadline -d --sched-period 1000000000 --sched-runtime 700000000 0 sleep 1000 & done'

test('a guest that is too busy to let a vCPU go: refused at once, in its own words, and nothing is changed', async () => {
  await using guest = await boot()
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const before = await allMaps(domain)
  await guest.shell(OCCUPY)
  const told: string[] = []
  guest.subscribe(({ event }) => told.push(event))

  const refusal = await domain.setVcpuState(1, false, { timeoutMs: 60_000 }).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(GuestRefusedError)
  expect(refusal).toMatchObject({
    code: 'ERR_GUEST_REFUSED',
    outcome: 'rejected',
    reason: 'device busy (_OST status 0x82)',
  })
  // The guest spoke twice (working at it, then no), and the call had ended before it could have said anything else.
  expect(told).toEqual(['ACPI_DEVICE_OST', 'ACPI_DEVICE_OST'])
  expect(domain.pendingRemovals().size).toBe(0)
  expect(await allMaps(domain)).toEqual(before)

  // Carried through into the guest, it is refused one step earlier: QEMU is not even asked.
  await expect(domain.setVcpuState(1, false, { guest: true })).rejects.toMatchObject({
    name: 'CommandError',
    command: 'guest-set-vcpus',
    outcome: 'rejected',
  })
  expect(await allMaps(domain)).toEqual(before)

  // One unplug in ten would wedge the guest there.
  if (!isSoundQemu) return
  await guest.shell('killall sleep')
  expect(String((await domain.setVcpuState(1, false)).changed)).toBe('1')
  expect(String(await domain.getVcpuMap())).toBe('0')
})
