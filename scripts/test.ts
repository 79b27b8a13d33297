// Runs every test, and of the matrix the part that takes seconds (npm run test:matrix has all of it).
import { ensureGuestImage, everydayQemu, KitError } from '../packages/guest-kit/src/index.ts'
import { runTests } from './run-tests.ts'

process.env['MATRIX'] ??= 'part'
// Fetched here and not in the first test, so that whoever waits sees what for.
const ready = await fetchGuest()
const passed = await runTests({ filters: process.argv.slice(2), alreadyFailed: ready ? 0 : 1 })
process.exitCode = passed ? 0 : 1

async function fetchGuest(): Promise<boolean> {
  try {
    const progress = (line: string): void => {
      console.error(line)
    }
    await everydayQemu(progress)
    await ensureGuestImage({ arch: 'x86_64', kernel: '6.1' }, progress)
    return true
  } catch (error) {
    if (!(error instanceof KitError)) throw error
    console.error(`The tests on a real guest cannot run: ${error.message}`)
    return false
  }
}
