// Two replies of QEMU contradicted each other, and the call paused before it read again: close() did not end that pause, of
// up to 150 ms, and its timer outlived the domain. Seen on a simulated VM. What must end: a wait that close() does not end.
import { expect, test } from 'vitest'
import { timedDomain } from '../support/timed-domain.ts'
import { settled, errorOf } from './support.ts'

test('close() between two readings that contradict each other', async () => {
  const { clock, vm, domain } = await timedDomain()
  // Plugged, and no slot says so.
  vm.inject({ at: { command: 'query-cpus-fast' }, do: 'nonsense', value: [] })
  const read = settled(domain.getVcpuMap())
  const change = settled(domain.setVcpuState(5, true))
  await clock.advance(70)
  await domain.close()
  await clock.advance(0)
  for (const call of [read, change]) expect(errorOf(await call)).toMatchObject({ code: 'ERR_CLOSED' })
  await clock.advance(10)
  expect(clock.pending).toBe(0)
})
