// A program of --via that failed was "the peer closed the connection": its own status, which says more, came too late.
import { expect, test } from 'vitest'
import { ManualClock } from '../support/manual-clock.ts'
import { runCommand } from '../support/run-command.ts'
import { documentOf } from '../unit/cli/expect-failure.ts'

test.each([
  ['exit 3', 'exited with 3'],
  ['kill -TERM $$', 'was ended by SIGTERM'],
  ['echo nonsense; exit 4', 'is not a QMP monitor'],
  ['true', 'the peer closed the connection'],
])('--via %j: %s', async (program, words) => {
  const run = await runCommand(['map', '--json', '--via', program], { clock: new ManualClock() })
  expect(run.code).toBe(3)
  expect(documentOf(run)).toMatchObject({
    error: { message: expect.stringContaining(words) as unknown, outcome: 'not-sent' },
  })
})
