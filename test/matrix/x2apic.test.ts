import { describe, expect, test } from 'vitest'
import { CommandError, ConnectionError, Domain } from '../../src/index.ts'
import type { Machine } from '../real/kit/index.ts'
import { versionsOf } from './machines/index.ts'
import { failureOf } from './refusals.ts'
import { asCell } from './results.ts'
import { start, titleOf, trueIndexes } from './support.ts'

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
        const failure = await failureOf(domain.setVcpuState(255, true))
        const message = version === '10.0' ? await expectDeath(machine, failure) : expectRefusal(failure)
        return { verdict: 'refused-by-qemu', message }
      })
    })
  }
})

function expectRefusal(failure: Error): string {
  expect(failure).toBeInstanceOf(CommandError)
  expect(failure).toMatchObject({ command: 'device_add', outcome: 'rejected', description: WORDS })
  return WORDS
}

/** This version means the same and takes itself down with it: nobody can know more than that it was asked. */
async function expectDeath(machine: Machine, failure: Error): Promise<string> {
  expect(failure).toBeInstanceOf(ConnectionError)
  expect(failure).toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  expect((await machine.exited).signal).toBe('SIGABRT')
  expect(machine.stderr()).toContain(WORDS)
  return `${WORDS} (QEMU's last words: it aborts)`
}
