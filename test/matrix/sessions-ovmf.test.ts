import { describe, expect, test } from 'vitest'
import {
  bootGuest,
  ensureFirmware,
  ensureGuestImage,
  resolveQemu,
  type FirmwareName,
  type Guest,
  type QemuVersion,
} from '../../packages/guest-kit/src/index.ts'
import { showConsoleOnFailure } from '../../packages/guest-kit/src/show-console.ts'
import { Domain } from '../../src/index.ts'
import { guestTruth } from '../oracle/guest-cpus.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { failureOf, ownWords } from './refusals.ts'
import { cellsOf } from './sessions/x86-guest.ts'
import { progress } from './support.ts'

// Firmware that keeps its variables safe in SMM takes its time under TCG: most of a minute on a quiet machine.
const BOOT_TIMEOUT_MS = 400_000

async function boot(version: QemuVersion, name: FirmwareName, extraArgs: readonly string[] = []): Promise<Guest> {
  const image = await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, progress)
  return bootGuest({
    qemu: await resolveQemu(version, 'x86_64', progress),
    image,
    machine: name === 'ovmf-smm' ? 'q35,smm=on' : 'q35',
    smp: '2,maxcpus=8',
    memoryMb: 512,
    firmware: await ensureFirmware(name, progress),
    extraArgs,
    bootTimeoutMs: BOOT_TIMEOUT_MS,
  })
}

describe.each(['10.0', '11'] as const)('q35 with OVMF on QEMU %s, kernel 6.1', (version) => {
  test('a vCPU comes and goes through the guest, and comes back; one of -smp goes by its path', async () => {
    await using guest = await boot(version, 'ovmf')
    showConsoleOnFailure(guest)
    await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
    expect((await domain.doctor()).filter(({ code }) => code.startsWith('smm-'))).toEqual([])
    const cell = cellsOf(guest, 'q35 with OVMF')
    await cell('plug', 'carried through into the guest', async () => {
      expect(String((await domain.setVcpuState(5, true, { guest: true })).guest?.ids)).toBe('2')
      expect(await guestTruth(guest)).toEqual({ present: '0-2', online: '0-2' })
    })
    await cell('translation', 'core session', async () => {
      expect((await domain.vcpus())[5]?.guest).toMatchObject({ id: 2, online: true, confidence: 'exact' })
    })
    await cell('agent', 'on and off', async () => {
      await domain.setGuestVcpuState(2, false)
      expect(await guestTruth(guest)).toEqual({ present: '0-2', online: '0-1' })
      await domain.setGuestVcpuState(2, true)
    })
    await cell('unplug', 'carried through into the guest', async () => {
      expect(String((await domain.setVcpuState(5, false, { guest: true })).changed)).toBe('5')
      expect(String((await domain.setVcpuState(1, false, { guest: true })).changed)).toBe('1')
      expect(await trueIndexes(guest)).toEqual([0])
    })
    await cell('plug', 'of a slot that was emptied before', async () => {
      await domain.setVcpuState(5, true, { guest: true })
      expect(await trueIndexes(guest)).toEqual([0, 5])
    })
  })
})

// Seen alike with the default CPU model, Haswell, EPYC and max, and on 10.0.
test('q35 with OVMF and SMM on QEMU 11: a plug leaves the old vCPUs in the firmware for good', async () => {
  await using guest = await boot('11', 'ovmf-smm')
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const danger = (await domain.doctor()).find(({ code }) => code === 'smm-plug-hangs')
  expect(danger).toMatchObject({
    severity: 'blocks',
    evidence: expect.stringContaining('x-smi-cpu-hotplug: true') as string,
  })
  await cellsOf(guest, 'q35 with OVMF and SMM')('plug', 'carried through into the guest', async () => {
    const failure = await failureOf(domain.setVcpuState(5, true, { guest: true, timeoutMs: 20_000 }))
    expect(failure).toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'unknown' })
    expect(failure.message).toContain('vCPU 0 is in System Management Mode (info registers: SMM=1)')
    // QEMU took it, and sees nothing wrong.
    expect(await trueIndexes(guest)).toEqual([0, 1, 5])
    expect(await guest.query('query-status')).toMatchObject({ status: 'running' })
    expect([await registers(guest, 0), await registers(guest, 1), await registers(guest, 5)]).toEqual([
      'SMM=1 HLT=0',
      'SMM=1 HLT=0',
      'SMM=0 HLT=1',
    ])
    return { verdict: 'guest-hung', message: 'info registers: SMM=1 HLT=0 for the old vCPUs, HLT=1 for the new one' }
  })
})

test('q35 with OVMF and SMM on QEMU 11, hotplug by SMI off: refused by QEMU, and nothing hangs', async () => {
  const off = ['-global', 'ICH9-LPC.x-smi-cpu-hotplug=off', '-global', 'ICH9-LPC.x-smi-cpu-hotunplug=off']
  await using guest = await boot('11', 'ovmf-smm', off)
  showConsoleOnFailure(guest)
  await using domain = await Domain.connect({ qmp: guest.qmpPath, qga: guest.qgaPath })
  const cell = cellsOf(guest, 'q35 with OVMF and SMM')
  const diagnosis = (await domain.doctor()).map(({ code }) => code)
  expect(diagnosis).toContain('smm-plug-refused')
  expect(diagnosis).not.toContain('smm-plug-hangs')
  await cell('plug', 'x-smi-cpu-hotplug=off', async () => {
    const failure = await failureOf(domain.setVcpuState(5, true, { guest: true }))
    expect(failure).toMatchObject({ outcome: 'rejected' })
    const message = "cpu hotplug with SMI wasn't enabled by firmware"
    expect(failure.message).toContain(message)
    return { verdict: 'refused-by-qemu', message }
  })
  await cell('unplug', 'x-smi-cpu-hotunplug=off', async () => {
    const { qomPath } = (await domain.vcpus())[1] ?? {}
    const message = await ownWords(guest.query('device_del', { id: qomPath }))
    expect(message).toContain("with SMI wasn't enabled by firmware")
    return { verdict: 'refused-by-qemu', message }
  })
  await cell('agent', 'on and off', async () => {
    await domain.setGuestVcpuState(1, false)
    expect(await guestTruth(guest)).toEqual({ present: '0-1', online: '0' })
    await domain.setGuestVcpuState(1, true)
  })
})

/** Whether a vCPU is in System Management Mode, and whether it is halted. */
async function registers(guest: Guest, vcpu: number): Promise<string> {
  const text = await guest.query('human-monitor-command', { 'command-line': 'info registers', 'cpu-index': vcpu })
  const [smm, halted] = [/SMM=\d/, /HLT=\d/].map((pattern) => pattern.exec(String(text))?.[0] ?? '')
  return `${smm} ${halted}`
}
