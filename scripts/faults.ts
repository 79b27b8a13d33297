// npm run faults [-- MOMENTS]: every fault in the middle of every operation on real guests, at so many moments of each, and
// the page that is made of it.
import { inRepository } from './formatted-page.ts'
import { runTests } from './run-tests.ts'

const [moments = '3'] = process.argv.slice(2)
if (!/^[1-9]\d*$/.test(moments)) throw new Error(`'${moments}' is not a number of moments: 1 or more`)
process.env['QEMU_VCPU_FAULTS_MOMENTS'] = moments
process.env['QEMU_VCPU_FAULTS_PAGE'] = inRepository('docs/faults.md')
process.exitCode = (await runTests({ project: 'matrix', filters: ['test/matrix/sessions-faults.test.ts'] })) ? 0 : 1
