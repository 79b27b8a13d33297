// Runs every test and ends in one line that a script can read: `N passed, N failed`.
import { mkdir } from 'node:fs/promises'
import { createVitest } from 'vitest/node'
import { ensureGuestImage, everydayQemu, KitError } from '../test/real/kit/index.ts'

const filters = process.argv.slice(2)
process.exitCode = await main()

async function main(): Promise<number> {
  // Fetched here and not in the first test, so that whoever waits sees what for.
  const ready = await fetchGuest()
  await mkdir('.cache', { recursive: true })
  const vitest = await createVitest('test', { run: true, watch: false, passWithNoTests: false })
  try {
    const { unhandledErrors } = await vitest.start(filters.length > 0 ? filters : undefined)
    const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()])
    const brokenModules = vitest.state.getTestModules().filter((module) => module.errors().length > 0)
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length
    const failed = count('failed') + brokenModules.length + unhandledErrors.length + (ready ? 0 : 1)
    const skipped = count('skipped')
    console.log(`${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
    return failed === 0 && tests.length > 0 ? 0 : 1
  } finally {
    await vitest.close()
  }
}

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
