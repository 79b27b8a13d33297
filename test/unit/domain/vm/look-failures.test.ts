import { expect, test } from 'vitest'
import { LookFailures } from '../../../../src/domain/vm/look-failures.ts'
import { ContradictionError } from '../../../../src/errors/contradiction-error.ts'
import { CommandError, ConnectionError, ProtocolError, TimeoutError } from '../../../../src/errors/peer-errors.ts'

const lost = new ConnectionError('ERR_CONNECTION_LOST', 'lost')

/** What a fresh one says to each, in turn. */
function verdicts(...failures: readonly (readonly [error: unknown, nowMs: number])[]): boolean[] {
  const looks = new LookFailures()
  return failures.map(([error, nowMs]) => looks.note(error, nowMs))
}

test.each([
  ['contradict each other', new ContradictionError('two replies')],
  ['come too late', new TimeoutError('late', { outcome: 'unknown' })],
  ['find another client at the monitor', new ConnectionError('ERR_MONITOR_BUSY', 'busy')],
])('replies that %s never end a wait, however often and for however long', (_what, error) => {
  const often = Array.from({ length: 50 }, (_, at) => [error, at * 60_000] as const)
  expect(verdicts(...often)).not.toContain(true)
})

test('a monitor that is lost is dialled for three seconds', () => {
  expect(verdicts([lost, 1_000], [lost, 2_000], [lost, 3_999], [lost, 4_000], [lost, 9_000])).toEqual([
    false,
    false,
    false,
    true,
    true,
  ])
})

test('the third refused or nonsensical reading in a row ends them', () => {
  const refused = new CommandError('query-cpus-fast', 'GenericError', 'no')
  const nonsense = new ProtocolError('nonsense')
  expect(verdicts([refused, 0], [nonsense, 0], [refused, 0])).toEqual([false, false, true])
})

test('a reading that succeeds clears both', () => {
  const looks = new LookFailures()
  const nonsense = new ProtocolError('nonsense')
  for (const error of [lost, nonsense, nonsense]) expect(looks.note(error, 0)).toBe(false)
  looks.clear()
  expect([lost, nonsense, nonsense].map((error) => looks.note(error, 5_000))).toEqual([false, false, false])
  expect(looks.note(nonsense, 5_000)).toBe(true)
})
