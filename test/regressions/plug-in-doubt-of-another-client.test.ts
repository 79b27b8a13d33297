// The step of a run timed out before QEMU had answered its plug, and another client filled that slot: the run's last look took
// the other's vCPU for its own, had it in `changed`, and said `partial`. Seen on a simulated VM. What must end: a run that
// takes what it finds for what it did.
import { expect, test } from 'vitest'
import { timedDomain } from '../support/timed-domain.ts'
import { changedOf, settled, errorOf, inDoubtOf } from './support.ts'

test('another client fills the slot while the answer to a plug is awaited', async () => {
  const { clock, vm, domain } = await timedDomain()
  vm.inject({ at: { command: 'device_add' }, do: 'slow', ms: 1_500 })
  const end = settled(domain.scale(3, { timeoutMs: 1_000 }))
  await clock.advance(500)
  vm.other.plug(2)
  const error = errorOf(await clock.run(end))
  expect(changedOf(error)).toBe('')
  expect(inDoubtOf(error)).toBe('2')
  expect(error).toMatchObject({ name: 'ScaleError', outcome: 'unknown' })
})
