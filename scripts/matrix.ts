// npm run test:matrix: every cell of the matrix on real QEMUs and real guests, the support table made from what they
// showed, and the tests on a real guest again, on the newest and the oldest QEMU. With the names of files as arguments only
// those of the matrix run, and the table stays as it is.
import type { QemuVersion } from '../packages/guest-kit/src/index.ts'
import { clearCells } from '../test/matrix/results.ts'
import { runTests } from './run-tests.ts'
import { makeSimulationPage } from './simulation-page.ts'
import { makeSupportTable } from './support-table/make.ts'

const filters = process.argv.slice(2)
delete process.env['MATRIX']
if (filters.length === 0) await clearCells()
const passed = await runTests({ project: 'matrix', filters })
if (filters.length === 0 && passed) {
  await makeSupportTable()
  await makeSimulationPage()
}
process.exitCode = passed && (filters.length > 0 || (await passOnOtherQemus())) ? 0 : 1

/** test/real without its own choice of a QEMU: on the newest and on the oldest. */
async function passOnOtherQemus(): Promise<boolean> {
  let passed = true
  for (const version of ['11', '7.2'] satisfies QemuVersion[]) {
    console.error(`test/real on QEMU ${version}`)
    process.env['QEMU_VCPU_TEST_QEMU'] = version
    passed = (await runTests({ project: 'real' })) && passed
  }
  return passed
}
