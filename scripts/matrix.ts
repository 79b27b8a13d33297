// npm run test:matrix: every cell of the matrix on real QEMUs and real guests, and the support table made from what they
// showed. With the names of files as arguments only those run, and the table stays as it is.
import { clearCells } from '../test/matrix/results.ts'
import { runTests } from './run-tests.ts'
import { makeSupportTable } from './support-table/make.ts'

const filters = process.argv.slice(2)
delete process.env['MATRIX']
if (filters.length === 0) await clearCells()
const passed = await runTests({ project: 'matrix', filters })
if (filters.length === 0 && passed) await makeSupportTable()
process.exitCode = passed ? 0 : 1
