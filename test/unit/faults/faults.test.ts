import { expect, test } from 'vitest'
import { simulatedFaults } from '../../support/faults/campaign.ts'
import { OPERATIONS } from '../../support/faults/operations.ts'

/** `npm run faults` has them all. */
const STRIDE = 25

test.each(OPERATIONS)('$name: every fault, at some of its moments', async (operation) => {
  const { wrong, table } = await simulatedFaults(STRIDE, [operation])
  expect(wrong).toEqual([])
  expect(table.count).toBeGreaterThan(0)
})
