import { expect, test } from 'vitest'
import { simulatedCell, simulatedFaults } from '../../support/faults/campaign.ts'
import { OPERATIONS } from '../../support/faults/operations.ts'

/** `npm run faults` has them all. */
const STRIDE = 25

/** One cell alone, as a failure names it. */
const only = process.env['QEMU_VCPU_SIMULATED_FAULT']

if (only === undefined) {
  test.each(OPERATIONS)('$name: every fault, at some of its moments', async (operation) => {
    const { wrong, table } = await simulatedFaults(STRIDE, [operation])
    expect(wrong).toEqual([])
    expect(table.count).toBeGreaterThan(0)
  })
} else {
  test(only, async () => {
    expect((await simulatedCell(only)).wrong).toEqual([])
  })
}
