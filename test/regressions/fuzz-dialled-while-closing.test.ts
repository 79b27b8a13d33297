import { expect, test } from 'vitest'
import { domainPlan, PLAINLY } from '../fuzz/plan/plain.ts'
import type { DomainPlan } from '../fuzz/plan/plan.ts'
import { runDomain } from '../fuzz/run/run-domain.ts'

// npm run fuzz: a function had made a connection in the very tick in which the domain was closed, and nothing closed it.
test('a domain that is closed while it dials again leaves no connection', async () => {
  const garbage = { kind: 'garbage', place: 'before', bytes: '\n' } as const
  const plan: DomainPlan = {
    ...domainPlan([]),
    faults: [{ link: 'qmp', at: { on: 'qom-get', nth: 1 }, mishap: garbage }],
    steps: [
      { do: { op: 'setVcpuState', id: 0, online: false, how: PLAINLY }, timeoutMs: 5, isBeside: false },
      { do: { op: 'guestCpuToVcpu', id: 0 }, timeoutMs: 5, isBeside: true },
      { do: { op: 'close' }, timeoutMs: 5, isBeside: false },
    ],
  }
  for (const machine of [plan.beginning.machine, { kind: 'no-hotplug', bootVcpus: 2, maxcpus: 2 } as const]) {
    const { faults } = await runDomain({ ...plan, beginning: { ...plan.beginning, machine } })
    expect(faults).toEqual([])
  }
})
