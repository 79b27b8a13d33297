import { describe, expect, test } from 'vitest'
import { runCommand } from '../support/run-command.ts'
import { versionsOf } from './machines/index.ts'
import { asCell } from './results.ts'
import { start, titleOf } from './support.ts'

const configuration = {
  name: 'map of 4,096 slots',
  machine: 'q35',
  type: 'q35',
  target: 'x86_64',
  cpu: 'max',
  smp: '3,maxcpus=4096',
} as const

describe('the command shows a machine of 4,096 slots', () => {
  // 7.2 ends at 288: machines/x86-topologies.ts asserts how it says so.
  for (const version of versionsOf('x86_64').filter((one) => one !== '7.2')) {
    test(titleOf({ configuration, version }), async () => {
      await using machine = await start({ configuration, version })
      const { machine: row, name } = configuration
      await asCell({ machine: row, configuration: name, qemu: machine.qemuVersion, aspect: 'map' }, async () => {
        const json = await runCommand(['map', '--json', '--qmp', machine.qmpPath])
        expect(json.code).toBe(0)
        expect(JSON.parse(json.stdout)).toEqual({
          qemu: { online: '0-2', onlinable: '3-4095', offlinable: '1-2', possible: '0-4095' },
          agent: null,
        })
        const text = await runCommand(['map', '--qmp', machine.qmpPath])
        expect(text.code).toBe(0)
        expect(text.stdout).toMatch(/onlinable +4093 +3-4095/)
        return { verdict: 'yes' }
      })
    })
  }
})
