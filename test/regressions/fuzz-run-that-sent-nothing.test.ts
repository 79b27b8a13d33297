import { expect, test } from 'vitest'
import { domainPlan, PLAINLY } from '../fuzz/plan/plain.ts'
import { runDomain } from '../fuzz/run/run-domain.ts'

// npm run fuzz: a run noted that it had sent something when it was about to. Where the monitor had gone by then, and could not
// be read again, the run was `unknown` although its one step was `not-sent`.
test('a run whose first step could not be sent is not-sent', async () => {
  const mishap = { kind: 'garbage', place: 'after', bytes: '\n' } as const
  for (let nth = 3; nth < 20; nth++) {
    const plan = domainPlan([{ op: 'setVcpuStates', ids: [2, 3], online: true, how: PLAINLY }], {
      endpoint: 'connected',
      faults: [{ link: 'qmp', at: { on: 'any', nth }, mishap }],
    })
    expect((await runDomain(plan)).faults).toEqual([])
  }
})
