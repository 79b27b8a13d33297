// The guest's files were read by the process's clock, whatever clock the domain had been given: a call with a time-out of
// 40 ms took 54 ms of its own clock, for each step of a reading had the whole time-out anew, and real timers ran beside the
// virtual ones. Seen on a simulated VM. What must end: a wait that does not go by the domain's clock.
import { expect, test, vi } from 'vitest'
import { timedDomain } from '../support/timed-domain.ts'
import { settled } from './support.ts'

test.each([
  ['x86', { kind: 'x86', bootVcpus: 4, maxcpus: 8 }],
  ['pseries', { kind: 'pseries', bootVcpus: 4, maxcpus: 8, threads: 4 }],
] as const)('%s: a slow agent does not hold up a call beyond its time', async (_, machine) => {
  const realTimers = vi.spyOn(globalThis, 'setTimeout')
  const { clock, domain } = await timedDomain({ machine, timing: { agent: [9, 9] } })
  for (let timeoutMs = 20; timeoutMs <= 120; timeoutMs += 10) {
    const start = clock.now()
    const end = settled(domain.vcpus({ timeoutMs }))
    const timers = realTimers.mock.calls.length
    await clock.run(end)
    expect(clock.now() - start).toBeLessThanOrEqual(timeoutMs + 1)
    expect(realTimers.mock.calls.length).toBe(timers)
    await clock.advance(5_000)
  }
})
