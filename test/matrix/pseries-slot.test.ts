import { describe, expect, test } from 'vitest'
import { CpuMap, Domain, RefusedError } from '../../src/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { runCommand } from '../support/run-command.ts'
import { versionsOf } from './machines/index.ts'
import { expectUntouched, failureOf, Sent } from './refusals.ts'
import { asCell } from './results.ts'
import { start, titleOf } from './support.ts'

const configuration = {
  name: 'one thread of a core',
  machine: 'pseries',
  target: 'ppc64',
  smp: '4,sockets=1,cores=4,threads=4,maxcpus=16',
} as const

describe('pseries: a core’s four vCPUs come together, or not at all', () => {
  // 7.2 has no cores of several threads under TCG: machines/pseries.ts asserts how it says so.
  for (const version of versionsOf('ppc64').filter((one) => one !== '7.2')) {
    test(titleOf({ configuration, version }), async () => {
      await using machine = await start({ configuration, version })
      const sent = new Sent()
      await using domain = await Domain.connect({ qmp: machine.qmpPath, trace: sent.trace })

      const refused = await failureOf(domain.setVcpuState(13, true))
      expect(refused).toBeInstanceOf(RefusedError)
      expect(refused).toMatchObject({ code: 'ERR_PART_OF_SLOT', outcome: 'not-sent', id: 13 })
      expect(refused.message).toContain('12-15')
      await expectUntouched(machine, sent, [0, 1, 2, 3])
      await domain.close()

      const { name, machine: row } = configuration
      await asCell({ machine: row, configuration: name, qemu: machine.qemuVersion, aspect: 'plug' }, async () => {
        const part = await runCommand(['set', '13', 'on', '--qmp', machine.qmpPath])
        expect(part).toMatchObject({ code: 1, stdout: '' })
        expect(part.stderr).toContain('12-15')
        expect(await trueIndexes(machine)).toEqual([0, 1, 2, 3])

        const whole = await runCommand(['set', '13', 'on', '--whole-slot', '--json', '--qmp', machine.qmpPath])
        expect(whole.code).toBe(0)
        expect(JSON.parse(whole.stdout)).toMatchObject({ changed: '12-15', outcome: 'done' })
        expect(await trueIndexes(machine)).toEqual([...CpuMap.parse('0-3,12-15')])
        return { verdict: 'yes' }
      })
    })
  }
})
