// A step of a run joined another call's unplug and timed out, and the vCPU was gone when the run looked for the last time: it
// stood in the run's `changed` and in that of the call that had asked QEMU. Seen on a simulated VM. What must end: one
// transition in two calls' `changed`.
import { expect, test } from 'vitest'
import { CpuMap } from '../../src/index.ts'
import { timedDomain } from '../support/timed-domain.ts'
import { changedOf, settled, errorOf } from './support.ts'

test('what a run has only waited for is not its own', async () => {
  let failures = 0
  // Some of them time out before the removal, and look after it.
  for (let timeoutMs = 100; timeoutMs < 220; timeoutMs += 2) {
    const { clock, domain } = await timedDomain({ timing: { look: [100, 100], eject: [100, 100], monitor: [5, 5] } })
    const first = settled(domain.setVcpuState(1, false))
    await clock.advance(50)
    const run = settled(domain.setVcpuStates(CpuMap.of(1), false, { timeoutMs }))
    const [one, other] = await clock.run(Promise.all([first, run]))
    expect(one.state === 'done' ? String(one.value.changed) : 'failed').toBe('1')
    if (other.state === 'done') {
      expect(String(other.value.changed)).toBe('')
      continue
    }
    failures++
    expect(changedOf(errorOf(other))).toBe('')
  }
  expect(failures).toBeGreaterThan(10)
})
