import { expect } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { trueCpus } from '../oracle/guest-cpus.ts'
import { boot } from './support/boot.ts'
import { testOnSoundQemu as test } from './support/sound-qemu.ts'

const PLUGS = 50

// What a udev rule does, without udev: whatever appears is turned on, at once and again and again.
const AUTO_ONLINE = `
  while :; do
    for file in /sys/devices/system/cpu/cpu[0-9]*/online; do echo 1 > $file; done 2> /dev/null
  done > /dev/null 2>&1 & echo $! > /run/auto-online.pid`

test(`a guest that turns on whatever appears races ours for ${PLUGS} plugs: no error, no double work`, async () => {
  await using guest = await boot({ smp: '2,maxcpus=64' })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  await guest.shell(AUTO_ONLINE)
  let ours = 0
  for (let plug = 0; plug < PLUGS; plug++) {
    const id = 2 + ((plug * 7) % 62)
    const change = await domain.setVcpuState(id, true, { guest: true })
    expect(String(change.changed)).toBe(String(id))
    expect(change.guest?.ids.size).toBe(1)
    ours += change.guest?.changed.size ?? 0
    expect(await trueCpus(guest)).toContainEqual({ guestId: change.guest?.ids.first(), index: id, online: true })
    await domain.setVcpuState(id, false)
  }
  console.error(`of ${PLUGS} vCPUs we turned on ${ours}, the guest itself the others`)
}, 600_000)
