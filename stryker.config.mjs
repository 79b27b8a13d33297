// Mutation tests of one room (scripts/mutation.mjs runs one after the other): Stryker changes the code of src/ROOM in one
// place at a time, and runs the unit tests of that room which reach the place. A change that no test notices survives.
const room = process.env.MUTATION_ROOM ?? 'bitmap'
const report = process.env.MUTATION_REPORT ?? 'reports/mutation/mutation.json'

export default {
  mutate: [`src/${room}/**/*.ts`],
  testRunner: 'vitest',
  // By its name: the pattern that Stryker looks for by itself does not follow a node_modules that is a link.
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts', dir: `test/unit/${room}`, related: false },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  // A loop or a wait without end costs this; a slow machine must not be taken for one.
  timeoutMS: 10_000,
  timeoutFactor: 3,
  // The sandbox is below this directory, so imports find its node_modules, also one that is a link.
  symlinkNodeModules: false,
  ignorePatterns: [
    'dist',
    'coverage',
    'docs',
    '!docs/limits.md',
    'bench',
    'examples',
    'packages',
    'fixtures',
    'test/real',
    'test/matrix',
  ],
  thresholds: { high: 95, low: 90, break: 90 },
  reporters: ['clear-text', 'progress-append-only', 'json', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, skipFull: true },
  jsonReporter: { fileName: report },
  htmlReporter: { fileName: report.replace(/json$/, 'html') },
  cleanTempDir: 'always',
}
