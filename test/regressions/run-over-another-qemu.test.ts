// QEMU was restarted while a run waited for the answer to a plug: the last look showed the vCPU, which the new QEMU had
// started with, and the error had it in `changed`, with the outcome `partial`. Seen on a simulated VM. What must end: what
// another QEMU runs in the account of a run that never asked it.
import { expect, test } from 'vitest'
import { CpuMap } from '../../src/index.ts'
import { timedDomain } from '../support/timed-domain.ts'
import { changedOf, settled, errorOf } from './support.ts'

test('another QEMU starts with the vCPU that a run was plugging', async () => {
  const { clock, vm, domain } = await timedDomain({ machine: { kind: 'x86', bootVcpus: 3, maxcpus: 8 } })
  await clock.run(domain.setVcpuState(2, false))
  vm.inject({ at: { command: 'device_add' }, do: 'slow', ms: 5_000 })
  const end = settled(domain.setVcpuStates(CpuMap.of(2), true))
  await clock.advance(1_000)
  vm.restart()
  const error = errorOf(await clock.run(end))
  expect(
    vm.truth().requests.filter(({ command, outcome }) => command === 'device_add' && outcome === 'accepted'),
  ).toEqual([])
  expect(changedOf(error)).toBe('')
  expect(error).toMatchObject({ name: 'ScaleError', outcome: 'unknown' })
})
