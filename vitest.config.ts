import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

// The examples import the package by its name, as its users do.
const resolve = {
  alias: [
    { find: /^qemu-vcpu$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
    { find: /^qemu-vcpu\/(\w+)$/, replacement: fileURLToPath(new URL('src/$1/index.ts', import.meta.url)) },
  ],
}

// A slow day must not fail a test: every time-out here is a fence against a hang, never a measurement.
export default defineConfig({
  test: {
    // Unless given Vitest leaves one core idle, of two. Guests wait most of their time: one file for each core, beside the units.
    maxWorkers: availableParallelism(),
    projects: [
      {
        resolve,
        test: {
          name: 'unit',
          include: ['test/{unit,stories,regressions,reports,fuzz}/**/*.test.ts'],
          // No file leaves anything behind in its process that another could see: half the time is that of the imports.
          isolate: false,
          // Not setImmediate: the turns of the loop are the process's own, and one that is faked in a test never comes in the next.
          fakeTimers: { toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'hrtime'] },
          setupFiles: ['test/support/no-real-time.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        resolve,
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts', 'packages/guest-kit/test/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'matrix',
          include: ['test/matrix/**/*.test.ts'],
          // Booted sessions and the simulation's comparison take minutes: npm run test:matrix has them, and test/real has guests enough for every day.
          exclude: process.env['MATRIX'] === 'part' ? ['test/matrix/sessions*', 'test/matrix/differential*'] : [],
          testTimeout: 900_000,
          hookTimeout: 600_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
