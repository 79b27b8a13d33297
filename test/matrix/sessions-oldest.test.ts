import { expect, test } from 'vitest'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { guestTruth } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { deathByPlug } from '../real/support/oldest-qemu.ts'
import { asCell } from './results.ts'
import { bootX86, cellsOf } from './sessions/x86-guest.ts'

test('q35 on QEMU 7.2, kernel 6.1: a vCPU comes into the guest', async () => {
  // With three vCPUs on busy cores this QEMU wedges the guest now and then (docs/wire-notes.md).
  await using guest = await bootX86('7.2', '6.1', { smp: '1,maxcpus=8' })
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const cell = cellsOf(guest)
  await cell('plug', 'carried through into the guest', async () => {
    expect(String((await domain.setVcpuState(5, true, { guest: true })).guest?.ids)).toBe('1')
    expect(await trueIndexes(guest)).toEqual([0, 5])
    expect(await guestTruth(guest)).toEqual({ present: '0-1', online: '0-1' })
    return undefined
  })
  await cell('translation', 'core session', async () => {
    expect((await domain.guestCpuToVcpu(1))?.id).toBe(5)
    expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: 1, online: true, confidence: 'exact' })
    return undefined
  })
  await cell('map', 'core session', async () => {
    const { online, onlinable, possible } = await domain.getVcpuMaps()
    expect([online, onlinable, possible].map(String)).toEqual(['0,5', '1-4,6-7', '0-7'])
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
