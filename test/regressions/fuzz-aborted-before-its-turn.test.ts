import { expect, test } from 'vitest'
import { domainPlan } from '../fuzz/plan/plain.ts'
import type { DomainPlan } from '../fuzz/plan/plan.ts'
import { runDomain } from '../fuzz/run/run-domain.ts'

// npm run fuzz: a change that was aborted while its command waited at the agent, for its turn or for a sync, was `unknown`, "what
// was sent may still happen": the reason of a signal does not say that nothing had left.
test('aborted before its command has left, a change of the guest is not-sent', async () => {
  const { beginning, ...usual } = domainPlan([])
  for (let seed = 0; seed < 100; seed++) {
    const plan: DomainPlan = {
      ...usual,
      beginning: { ...beginning, seed },
      steps: [
        { do: { op: 'getGuestMaps' }, timeoutMs: 300, isBeside: true },
        { do: { op: 'getGuestMaps' }, timeoutMs: 300, abortAfterMs: 12, isBeside: true },
        {
          do: { op: 'setGuestVcpuState', id: 1, online: false },
          timeoutMs: 900,
          abortAfterMs: 20 + (seed % 40),
          isBeside: true,
        },
        { do: { op: 'wait', ms: 10 }, timeoutMs: 1, isBeside: false },
        ...[6, 9, 12].map((abortAfterMs) => ({
          do: { op: 'doctor' as const },
          timeoutMs: 900,
          abortAfterMs,
          isBeside: true,
        })),
        ...[6, 9, 12].map((abortAfterMs) => ({
          do: { op: 'getGuestMaps' as const },
          timeoutMs: 900,
          abortAfterMs,
          isBeside: true,
        })),
      ],
    }
    expect((await runDomain(plan)).faults).toEqual([])
  }
})
