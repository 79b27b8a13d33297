import { writeFile } from 'node:fs/promises'
import { afterAll, test } from 'vitest'
import { formatted } from '../../scripts/formatted-page.ts'
import { faultsPage, type FaultRun } from '../real/faults/page.ts'
import { faultSession, type Share } from '../real/faults/session.ts'

// `npm run faults` has every pair of a fault and an operation, and writes the page.
const page = process.env['QEMU_VCPU_FAULTS_PAGE']
const moments = process.env['QEMU_VCPU_FAULTS_MOMENTS']
const share: Share = moments === undefined ? { moments: 2, pairs: 30 } : { moments: Number(moments) }
const runs: FaultRun[] = []

afterAll(async () => {
  if (page !== undefined) await writeFile(page, await formatted(page, faultsPage(runs)))
})

test.each(['11', '10.0'] as const)(
  'QEMU %s: faults in the middle of operations',
  async (qemuVersion) => {
    runs.push({ qemuVersion, table: await faultSession(qemuVersion, share) })
  },
  7_200_000,
)
