import { describe, expect, test } from 'vitest'
import { resolveQemu, startMachine } from '../../packages/guest-kit/src/index.ts'
import { Domain } from '../../src/index.ts'
import { trueIndexes } from '../oracle/vcpus.ts'
import { versionsOf } from './machines/index.ts'
import { failureOf, ownWords, Sent } from './refusals.ts'
import { asCell, type Aspect } from './results.ts'
import { progress } from './support.ts'

describe.each(versionsOf('x86_64'))('-preconfig on QEMU %s', (version) => {
  test('nothing is concluded from a machine that is not built, and all is well once it is', async () => {
    await using machine = await startMachine({
      qemu: await resolveQemu(version, 'x86_64', progress),
      smp: '2,maxcpus=8',
      extraArgs: ['-preconfig'],
      paused: true,
    })
    const sent = new Sent()
    await using domain = await Domain.connect({ qmp: machine.qmpPath, trace: sent.trace })
    const cell = (aspect: Aspect, configuration: string) => ({
      machine: 'q35',
      configuration,
      qemu: machine.qemuVersion,
      aspect,
    })
    const message = await ownWords(machine.query('query-cpus-fast'))
    expect(message).toMatch(/query-cpus-fast.* is permitted only after machine initialization has completed/)

    await asCell(cell('map', '-preconfig'), async () => {
      expect((await failureOf(domain.getVcpuMaps())).message).toContain(message)
      return { verdict: 'refused-by-qemu', message }
    })
    await asCell(cell('plug', '-preconfig'), async () => {
      const failure = await failureOf(domain.setVcpuState(5, true))
      expect(failure).toMatchObject({ outcome: 'not-sent' })
      expect(sent.commands.filter((command) => command.startsWith('device_'))).toEqual([])
      return { verdict: 'refused-by-qemu', message }
    })
    await machine.query('x-exit-preconfig')
    await asCell(cell('plug', 'after -preconfig'), async () => {
      await domain.setVcpuState(5, true)
      expect(await trueIndexes(machine)).toEqual([0, 1, 5])
      return { verdict: 'yes' }
    })
  })
})
