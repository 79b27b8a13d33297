import { describe, expect, test } from 'vitest'
import type { QemuVersion } from '../../packages/guest-kit/src/index.ts'
import { Domain, RefusedError } from '../../src/index.ts'
import { versionsOf, type MatrixMachine } from './machines/index.ts'
import { expectUntouched, failureOf, ownWords, Sent } from './refusals.ts'
import { asCell, type Aspect } from './results.ts'
import { start, titleOf } from './support.ts'

/** QEMU's words for it: 7.2 makes the query known and not enabled. */
const words: Readonly<Record<QemuVersion, string>> = {
  '7.2': "The feature 'query-hotpluggable-cpus' is not enabled",
  '10.0': 'machine does not support hot-plugging CPUs',
  '11': 'machine does not support hot-plugging CPUs',
}

const microvm = {
  name: 'no hotplug',
  machine: 'microvm',
  type: 'microvm',
  target: 'x86_64',
  smp: '2,maxcpus=4',
} as const
const virt = { name: 'no hotplug', machine: 'virt (aarch64)', type: 'virt', target: 'aarch64', smp: '2' } as const

const loongson = {
  name: 'no hotplug',
  machine: 'virt (loongarch64)',
  type: 'virt',
  target: 'loongarch64',
  smp: '2,maxcpus=3',
  extraArgs: ['-m', '1024'],
} as const

const machines: readonly MatrixMachine[] = [microvm, virt, loongson]
  .flatMap((configuration) => versionsOf(configuration.target).map((version) => ({ configuration, version })))
  // Later ones have hotplug.
  .filter(({ configuration, version }) => configuration !== loongson || version === '7.2')

describe('a machine type without vCPU hotplug shows its vCPUs and refuses every change, in QEMU’s words', () => {
  for (const one of machines) {
    test(titleOf(one), async () => {
      await using machine = await start(one)
      const sent = new Sent()
      await using domain = await Domain.connect({ qmp: machine.qmpPath, trace: sent.trace })
      const cell = (aspect: Aspect) => ({ machine: one.configuration.machine, qemu: machine.qemuVersion, aspect })

      await asCell(cell('map'), async () => {
        const { online, onlinable, offlinable, possible } = await domain.getVcpuMaps()
        expect([online, onlinable, offlinable, possible].map(String)).toEqual(['0-1', '', '', '0-1'])
        return { verdict: 'yes' }
      })
      expect(await ownWords(machine.query('query-hotpluggable-cpus'))).toBe(words[one.version])
      for (const [aspect, id, online] of [
        ['plug', 2, true],
        ['unplug', 1, false],
      ] as const) {
        await asCell(cell(aspect), async () => {
          const refused = await failureOf(domain.setVcpuState(id, online))
          expect(refused).toBeInstanceOf(RefusedError)
          expect(refused).toMatchObject({ code: 'ERR_NO_HOTPLUG', outcome: 'not-sent' })
          expect(refused.message).toContain(words[one.version])
          return { verdict: 'refused-by-qemu', message: words[one.version] }
        })
      }
      await expectUntouched(machine, sent, [0, 1])
    })
  }
})
