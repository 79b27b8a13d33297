import { describe, expect, test } from 'vitest'
import type { Machine, MachineOptions, QemuTarget, QemuVersion } from '../../packages/guest-kit/src/index.ts'
import { Domain } from '../../src/index.ts'
import { start } from './support/boot.ts'
import { BUDGET, diagnosis } from './support/diagnosis.ts'
import { eventually } from './support/eventually.ts'

type Options = Partial<Omit<MachineOptions, 'qemu'>>

const PSERIES: Options = { smp: '8,threads=4,maxcpus=16' }
/** A flash with nothing in it is enough to ask the machine about: nothing is booted. */
const FLASH = ['-blockdev', 'driver=null-co,size=4194304,read-zeroes=on,node-name=flash']
/** As an OVMF with Secure Boot is started. */
const SMM: Options = {
  machine: 'q35,smm=on,pflash0=flash',
  extraArgs: [...FLASH, '-global', 'driver=cfi.pflash01,property=secure,value=on'],
}

describe('machines with nobody in them', () => {
  test.each<[what: string, version: QemuVersion, target: QemuTarget, options: Options, told: string[]]>([
    ['q35 on 7.2', '7.2', 'x86_64', { accel: 'tcg,thread=multi' }, ['warns tcg-replug-crash', BUDGET]],
    ['q35 on 10.0', '10.0', 'x86_64', { accel: 'tcg,thread=multi' }, [BUDGET]],
    ['q35 on 11', '11', 'x86_64', { accel: 'tcg,thread=multi' }, [BUDGET]],
    [
      'one thread on 7.2',
      '7.2',
      'x86_64',
      { accel: 'tcg,thread=single' },
      ['blocks tcg-single-thread', 'warns tcg-replug-crash'],
    ],
    ['one thread on 10.0', '10.0', 'x86_64', { accel: 'tcg,thread=single' }, ['blocks tcg-single-thread']],
    ['one thread on 11', '11', 'x86_64', { accel: 'tcg,thread=single' }, ['blocks tcg-single-thread']],
    ['no vCPU runs on 11', '11', 'x86_64', { accel: 'qtest' }, []],
    ['without ACPI', '10.0', 'x86_64', { machine: 'q35,acpi=off' }, ['blocks acpi-off']],
    ['full', '11', 'x86_64', { smp: '2' }, ['blocks no-free-slot', 'blocks tcg-plug-budget']],
    ['alone', '10.0', 'x86_64', { smp: '1,maxcpus=4', accel: 'tcg,thread=multi' }, [BUDGET, 'notes only-boot-vcpu']],
    [
      'alone in one thread on 10.0',
      '10.0',
      'x86_64',
      { smp: '1,maxcpus=4', accel: 'tcg,thread=single' },
      ['blocks tcg-single-thread', 'notes only-boot-vcpu'],
    ],
    [
      'alone in one thread on 11',
      '11',
      'x86_64',
      { smp: '1,maxcpus=4', accel: 'tcg,thread=single' },
      ['blocks tcg-single-thread', 'notes only-boot-vcpu'],
    ],
    ['isapc', '10.0', 'x86_64', { machine: 'isapc', smp: '1' }, ['blocks no-free-slot', 'notes only-boot-vcpu']],
    ['slots past the limit of x2APIC', '11', 'x86_64', { smp: '2,maxcpus=288' }, ['blocks no-x2apic', BUDGET]],
    ['a model with x2APIC', '11', 'x86_64', { smp: '2,maxcpus=288', cpu: 'max' }, [BUDGET]],
    ['firmware in SMM on 10.0', '10.0', 'x86_64', SMM, ['blocks smm-plug-hangs', BUDGET]],
    ['firmware in SMM on 11', '11', 'x86_64', SMM, ['blocks smm-plug-hangs', BUDGET]],
    [
      'firmware without SMM',
      '11',
      'x86_64',
      { ...SMM, machine: 'q35,pflash0=flash,smm=off', extraArgs: FLASH },
      [BUDGET],
    ],
    ['stopped', '10.0', 'x86_64', { paused: true }, ['warns vm-not-running', BUDGET]],
    ['microvm', '10.0', 'x86_64', { machine: 'microvm', smp: '2' }, ['blocks no-hotplug']],
    ['s390x', '10.0', 's390x', { paused: true, smp: '2,maxcpus=4' }, ['blocks never-unplugs', 'warns vm-not-running']],
    ['pseries on 10.0', '10.0', 'ppc64', PSERIES, ['blocks tcg-core-unplug-crash', BUDGET]],
    ['pseries on 11', '11', 'ppc64', PSERIES, [BUDGET]],
  ])('%s', async (_, qemuVersion, target, options, told) => {
    await using machine = await start(target, { smp: '2,maxcpus=8', ...options, qemuVersion })
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    expect(await diagnosis(domain)).toEqual([...told, 'notes agent-not-given'])
  })

  test('while it migrates, and that QEMU refuses to plug meanwhile', async () => {
    await using machine = await start('x86_64', { smp: '2,maxcpus=8' })
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    await migrateSlowly(machine)
    expect(await diagnosis(domain)).toContain('blocks migrating')
    await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({ name: 'CommandError', outcome: 'rejected' })
    await machine.query('migrate_cancel')
    await eventually('the migration is over', async () => !(await diagnosis(domain)).includes('blocks migrating'))
    await domain.setVcpuState(5, true)
  })

  /** At 4 kB a second even the little that an empty machine has takes minutes. (Below 10 bytes a second is no limit at all.) */
  async function migrateSlowly(machine: Machine): Promise<void> {
    await machine.query('migrate-set-parameters', { 'max-bandwidth': 4_000 })
    await machine.query('migrate', { uri: 'exec:cat >/dev/null' })
    await eventually('the migration is under way', async () => {
      const { status } = (await machine.query('query-migrate')) as { readonly status?: string }
      return status === 'active'
    })
  }

  test('acpi=off: what the maps leave out QEMU would have taken, and no guest would have heard of it', async () => {
    await using machine = await start('x86_64', { smp: '2,maxcpus=8', machine: 'q35,acpi=off' })
    await using domain = await Domain.connect({ qmp: machine.qmpPath })
    const { online, onlinable, offlinable, possible } = await domain.getVcpuMaps()
    expect([online, onlinable, offlinable, possible].map(String)).toEqual(['0-1', '', '', '0-7'])
    await expect(domain.setVcpuState(5, true)).rejects.toMatchObject({ code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' })
  })
})
