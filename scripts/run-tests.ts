import { mkdir } from 'node:fs/promises'
import { createVitest } from 'vitest/node'

/** What to run. */
export interface TestRun {
  /** Vitest's project; all of them unless given. */
  readonly project?: string
  /** Parts of file names; every file unless given. */
  readonly filters?: readonly string[]
  /** What had failed before the first test. */
  readonly alreadyFailed?: number
}

/**
 * Run tests and end in one line that a script can read: `N passed, N failed`.
 *
 * @returns whether there were tests and none failed
 */
export async function runTests({ project, filters = [], alreadyFailed = 0 }: TestRun): Promise<boolean> {
  await mkdir('.cache', { recursive: true })
  const projects = project === undefined ? {} : { project }
  const vitest = await createVitest('test', { run: true, watch: false, passWithNoTests: false, ...projects })
  try {
    const { unhandledErrors } = await vitest.start(filters.length > 0 ? [...filters] : undefined)
    const tests = vitest.state.getTestModules().flatMap((module) => [...module.children.allTests()])
    const brokenModules = vitest.state.getTestModules().filter((module) => module.errors().length > 0)
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length
    const failed = count('failed') + brokenModules.length + unhandledErrors.length + alreadyFailed
    const skipped = count('skipped')
    console.log(`${count('passed')} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
    return failed === 0 && tests.length > 0
  } finally {
    await vitest.close()
  }
}
