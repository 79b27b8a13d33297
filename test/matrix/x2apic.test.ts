import { describe, expect, test } from 'vitest'
import type { Machine } from '../../packages/guest-kit/src/index.ts'
import type { HotpluggableCpu } from '../../src/bitmap/index.ts'
import { Domain } from '../../src/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { versionsOf } from './machines/index.ts'
import { failureOf } from './refusals.ts'
import { asCell } from './results.ts'
import { start, titleOf } from './support.ts'

const WORDS = 'APIC ID 255 requires x2APIC feature in CPU'
const configuration = {
  name: 'a slot past APIC id 254, of a CPU model without x2APIC',
  machine: 'q35',
  type: 'q35',
  target: 'x86_64',
  smp: '1,maxcpus=288',
} as const

describe('a slot that QEMU lists and cannot fill', () => {
  // 7.2 does not start such a machine: machines/x86-topologies.ts asserts how it says so.
  for (const version of versionsOf('x86_64').filter((one) => one !== '7.2')) {
    test(titleOf({ configuration, version }), async () => {
      await using machine = await start({ configuration, version })
      await using domain = await Domain.connect({ qmp: machine.qmpPath })
      const { machine: row, name } = configuration
      await asCell({ machine: row, configuration: name, qemu: machine.qemuVersion, aspect: 'plug' }, async () => {
        await domain.setVcpuState(254, true)
        expect(await trueIndexes(machine)).toEqual([0, 254])
        // We refuse before anything is sent, since of what QEMU does the VM may die.
        expect(await failureOf(domain.setVcpuState(255, true))).toMatchObject({
          code: 'ERR_NO_X2APIC',
          outcome: 'not-sent',
        })
        expect(await trueIndexes(machine)).toEqual([0, 254])
        return version === '10.0'
          ? { verdict: 'qemu-died', message: await expectDeath(machine) }
          : { verdict: 'refused-by-qemu', message: await expectGhost(machine, domain) }
      })
    })
  }
})

/** Plug it all the same, by the kit's own monitor. */
async function plugAnyway(machine: Machine): Promise<Error> {
  const slots = (await machine.query('query-hotpluggable-cpus')) as readonly HotpluggableCpu[]
  const slot = slots.find(({ props }) => props['core-id'] === 255 || props['socket-id'] === 255)
  return failureOf(machine.query('device_add', { ...slot?.props, driver: slot?.type, id: 'ghost' }))
}

/** This version refuses, and from then on lists a vCPU that has no place in the machine: it is none of ours. */
async function expectGhost(machine: Machine, domain: Domain): Promise<string> {
  expect((await plugAnyway(machine)).message).toContain(WORDS)
  expect(await trueIndexes(machine)).toEqual([0, 254, 255])
  expect(String(await domain.getVcpuMap())).toBe('0,254')
  expect((await domain.getVcpuMap('onlinable')).has(255)).toBe(false)
  return WORDS
}

/** This version means the same and takes itself down with it. */
async function expectDeath(machine: Machine): Promise<string> {
  await plugAnyway(machine)
  expect((await machine.exited).signal).toBe('SIGABRT')
  expect(machine.stderr()).toContain(WORDS)
  return WORDS
}
