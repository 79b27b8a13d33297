import type { KnipConfig } from 'knip'

// npm run check: files, exports and packages that nothing uses. A line for each thing that is run and not imported.
export default {
  // A type that an exported function takes or returns can be named by who calls it.
  ignoreExportsUsedInFile: { interface: true, type: true },
  entry: [
    'src/{index,cli/bin}.ts',
    'src/{qmp,qga,bitmap,testing}/index.ts',
    'packages/guest-kit/src/{index,show-console}.ts',
    // What package.json and ready.mjs run, and what others start by its path.
    'scripts/*.{ts,mjs}',
    'examples/*.ts',
    'examples/fleet-nats/{run,simulated-host}.ts',
    'bench/run.ts',
    'bench/{workers,server}/*.mjs',
    'test/packed/*.test.mjs',
    'test/real/vanished-peer/run.ts',
    'test/support/note-loaded.mjs',
    'vitest.mutation.config.ts',
  ],
  project: ['{src,test,scripts,examples,bench,packages}/**/*.{ts,mjs}'],
  // Run by ready.mjs, whose commands are lists.
  ignoreDependencies: ['publint', 'typedoc'],
  // Programs of the host: iproute2's and util-linux's.
  ignoreBinaries: ['ip', 'taskset'],
} satisfies KnipConfig
