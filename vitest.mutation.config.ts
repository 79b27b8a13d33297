import { readFileSync } from 'node:fs'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { defineConfig } from 'vitest/config'

/** Examples before properties: what an example notices needs no hundred runs. */
class CheapFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((a, b) => cost(a) - cost(b)))
  }
}

function cost({ moduleId }: TestSpecification): number {
  const text = readFileSync(moduleId, 'utf8')
  return text.length * (text.includes("from 'fast-check'") ? 1_000 : 1)
}

// Ends the waits that a change makes endless, where there are any: these tests take milliseconds. Those of src/bitmap wait for
// nothing, and some of its properties take seconds; so does that of a hostile agent on a busy machine.
const timeoutMs = { bitmap: 60_000, qga: 20_000 }[process.env['MUTATION_ROOM'] ?? ''] ?? 5_000

// For Stryker alone (stryker.config.mjs), which says the directory. One run of the tests for each change to the code: so
// no isolation, and nothing that explores every order of events (a second and more for each scenario).
export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: [
      '**/explorer.test.ts',
      '**/joined-after-removal.test.ts',
      '**/removed-after-refusal.test.ts',
      '**/refusal-*.test.ts',
    ],
    isolate: false,
    sequence: { sequencer: CheapFirst },
    reporters: [],
    testTimeout: timeoutMs,
    hookTimeout: timeoutMs,
  },
})
