import { expect, test } from 'vitest'
import { domainPlan } from '../fuzz/plan/plain.ts'
import { runDomain } from '../fuzz/run/run-domain.ts'

// npm run fuzz: a slot's type and properties stood in the message about another machine as QEMU had sent them.
test.each(['\u001b[2J', '\u202e'])('a machine that differs from the layout in %j', async (text) => {
  const taint = { link: 'qmp', at: { on: 'any', nth: 0 }, mishap: { kind: 'taint', text } } as const
  const { beginning, ...plan } = domainPlan([{ op: 'applyLayout', id: 2 }], { faults: [taint] })
  const machine = { kind: 's390x', bootVcpus: 2, maxcpus: 6 } as const
  const { faults, tallies } = await runDomain({ ...plan, beginning: { ...beginning, machine } })
  expect(faults).toEqual([])
  expect(tallies).toContainEqual(expect.objectContaining({ operation: 'applyLayout', ending: 'ERR_LAYOUT' }))
})
