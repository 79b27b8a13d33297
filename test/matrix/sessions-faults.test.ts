import { writeFile } from 'node:fs/promises'
import { afterAll, expect, test } from 'vitest'
import { formatted } from '../../scripts/formatted-page.ts'
import { faultsPage, type FaultRun } from '../real/faults/page.ts'
import { faultSession, type Share } from '../real/faults/session.ts'
import { simulatedFaults } from '../support/faults/campaign.ts'
import type { FaultTable } from '../support/faults/table.ts'

// `npm run faults` has every pair of a fault and an operation, and writes the page.
const page = process.env['QEMU_VCPU_FAULTS_PAGE']
const moments = process.env['QEMU_VCPU_FAULTS_MOMENTS']
const share: Share = moments === undefined ? { moments: 2, pairs: 30 } : { moments: Number(moments) }
const runs: FaultRun[] = []
let simulated: FaultTable | undefined

afterAll(async () => {
  if (page !== undefined) await writeFile(page, await formatted(page, faultsPage(runs, simulated)))
})

test.each(['11', '10.0'] as const)(
  'QEMU %s: faults in the middle of operations',
  async (qemuVersion) => {
    runs.push({ qemuVersion, table: await faultSession(qemuVersion, share) })
  },
  7_200_000,
)

test('a simulated VM: faults in the middle of operations', async () => {
  const { table, wrong } = await simulatedFaults(page === undefined ? 10 : 1)
  expect(wrong).toEqual([])
  simulated = table
}, 7_200_000)
