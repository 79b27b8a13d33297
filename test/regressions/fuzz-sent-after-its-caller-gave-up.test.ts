import { expect, test } from 'vitest'
import { domainPlan, PLAINLY } from '../fuzz/plan/plain.ts'
import type { DomainPlan } from '../fuzz/plan/plan.ts'
import { runDomain } from '../fuzz/run/run-domain.ts'

// npm run fuzz: the monitor was lost between the reading and the change, and the wait for a connection was that for QEMU's
// answer, five minutes: the command left long after its caller had given up.
test.each([
  ['plug', true],
  ['unplug', false],
] as const)('a %s whose time is over before the monitor is back is never sent', async (_, online) => {
  for (let run = 0; run < 150; run++) {
    const seed = run % 30
    const { beginning, ...usual } = domainPlan([])
    const plan: DomainPlan = {
      ...usual,
      beginning: { ...beginning, seed, machine: { kind: 'pseries', threads: 2, bootVcpus: 4, maxcpus: 8 } },
      faults: [{ link: 'qmp', at: { on: 'any', nth: 3 + Math.floor(run / 30) }, mishap: { kind: 'half-close' } }],
      steps: [
        { do: { op: 'setVcpuState', id: online ? 6 : 2, online, how: PLAINLY }, timeoutMs: 5, isBeside: false },
        { do: { op: 'wait', ms: 1_000 }, timeoutMs: 1, isBeside: false },
      ],
    }
    expect((await runDomain(plan)).faults).toEqual([])
  }
})
