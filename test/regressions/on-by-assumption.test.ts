// A guest took no notice of a plug, and the next ones took up the ids: vCPUs 4-5 were "on already" as CPUs 4-5, which are other
// vCPUs, and the call resolved although the guest did not run vCPUs 4-5. Seen on a simulated pseries whose agent may not read
// files. What must end: a vCPU that is said to run because another one has its number.
import { expect, test } from 'vitest'
import { CpuMap } from '../../src/index.ts'
import { timedDomain } from '../support/timed-domain.ts'
import { settled, errorOf, WITHOUT_FILES } from './support.ts'

test('the guest runs other vCPUs under the numbers of those that it ignored', async () => {
  const machine = { kind: 'pseries', threads: 2, bootVcpus: 2, maxcpus: 8 } as const
  const { clock, vm, domain } = await timedDomain({ machine, agent: WITHOUT_FILES })
  vm.guest.onPlug = 'ignore'
  await clock.run(domain.setVcpuState(4, true, { wholeSlot: true }))
  await clock.advance(1_000)
  vm.guest.onPlug = 'accept'
  for (const ids of ['2-3', '6-7']) {
    const run = domain.setVcpuStates(CpuMap.parse(ids), true)
    await clock.run(settled(run))
    await clock.advance(1_000)
  }
  const cpus = vm.guest.seats.filter(({ online }) => online).map(({ cpuIndex }) => cpuIndex)
  expect(cpus).toEqual([0, 1, 2, 3, 6, 7])
  const options = { guest: true, wholeSlot: true, timeoutMs: 10_000 }
  const error = errorOf(await clock.run(settled(domain.setVcpuState(4, true, options))))
  expect(error.outcome).toBe('not-sent')
})
