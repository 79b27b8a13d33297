// A small share of npm run fuzz, every day the same: in memory and virtual time.
import { expect, test } from 'vitest'
import { Campaign } from './run/campaign.ts'

test.each([
  ['domain', 150],
  ['command', 100],
  ['watch', 100],
  ['monitor', 100],
  ['agent', 100],
] as const)('%s: %i plans, and nothing is wrong', async (subject, plans) => {
  const campaign = new Campaign()
  const failure = await campaign.run({ subject, seed: 1, plans })
  campaign.end()
  expect(failure).toBeUndefined()
  expect(campaign.table.exchanges).toBeGreaterThanOrEqual(plans)
  expect(campaign.table.struck).toBeGreaterThan(campaign.table.exchanges / 4)
})
