import { expect, test } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { guestTruth } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { deathByPlug } from '../real/support/oldest-qemu.ts'
import { asCell } from './results.ts'
import { bootX86, cellsOf } from './sessions/x86-guest.ts'

test('q35 on QEMU 7.2, kernel 6.1: vCPUs come, and are turned off and on in the guest', async () => {
  await using guest = await bootX86('7.2', '6.1')
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const cell = cellsOf(guest)
  await cell('plug', 'carried through into the guest', async () => {
    expect(String((await domain.setVcpuState(5, true, { guest: true })).guest?.ids)).toBe('2')
    expect(String((await domain.setVcpuState(3, true, { guest: true })).guest?.ids)).toBe('3')
    expect(await trueIndexes(guest)).toEqual([0, 1, 3, 5])
    expect(await guestTruth(guest)).toEqual({ present: '0-3', online: '0-3' })
    return undefined
  })
  await cell('translation', 'core session', async () => {
    expect((await domain.guestCpuToVcpu(2))?.id).toBe(5)
    expect((await domain.vcpus())[3]?.guest).toMatchObject({ id: 3, online: true, confidence: 'exact' })
    return undefined
  })
  await cell('map', 'core session', async () => {
    const { online, onlinable, possible } = await domain.getVcpuMaps()
    expect([online, onlinable, possible].map(String)).toEqual(['0-1,3,5', '2,4,6-7', '0-7'])
    return undefined
  })
})

test('q35 on QEMU 7.2, kernel 6.1: an unplug works once, and a plug after it ends QEMU', async () => {
  const { qemuVersion, image, words } = await deathByPlug()
  const guest = { arch: image.arch, kernel: image.kernelRelease, agent: image.agentVersion }
  const identity = { machine: 'q35', qemu: qemuVersion, guest }
  // It got as far as the plug, so the unplug before it was done.
  await asCell({ ...identity, configuration: 'the first', aspect: 'unplug' }, () => Promise.resolve({ verdict: 'yes' }))
  await asCell({ ...identity, configuration: 'after an unplug', aspect: 'plug' }, () => {
    expect(words).toMatch(/corrupt|double free|invalid|SIG/)
    return Promise.resolve({ verdict: 'qemu-died', message: words })
  })
})
