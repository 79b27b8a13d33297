import { expect, test } from 'vitest'
import { Domain } from '../../src/index.ts'
import { memoryPair } from '../../src/testing/index.ts'
import { domainPlan } from '../fuzz/plan/plain.ts'
import { runDomain } from '../fuzz/run/run-domain.ts'
import { testClock } from '../support/passing-clock.ts'

// npm run fuzz: a connected Duplex that was given for the agent stayed open when the monitor could not be connected.
test('a monitor that does not answer: the Duplex given for the agent is closed too', async () => {
  const deaf = { link: 'qmp', at: { on: 'any', nth: 1 }, mishap: { kind: 'deaf' } } as const
  const { faults } = await runDomain(domainPlan([], { endpoint: 'connected', faults: [deaf] }))
  expect(faults).toEqual([])
})

test('close() closes the Duplex of an agent that was never used', async () => {
  const [mine, theirs] = memoryPair()
  const executor = { execute: () => Promise.resolve([]) }
  const clock = testClock()
  const domain = await Domain.connect({ qmp: executor, qga: mine, lazyAgent: true, clock })
  await domain.close()
  expect(mine.destroyed).toBe(true)
  theirs.destroy()
})
