import { expect, test } from 'vitest'
import { RUN_STATES } from '../../../../src/domain/doctor/run-states.ts'
import { vm } from '../../../support/simulated-vm.ts'
import { findingOf } from './tell.ts'

/** All words of `query-status` but `running` (QEMU's qapi/run-state.json), and `preconfig`, which had a word before 6.0. */
const WORDS = [
  'debug',
  'inmigrate',
  'internal-error',
  'io-error',
  'paused',
  'postmigrate',
  'prelaunch',
  'finish-migrate',
  'restore-vm',
  'save-vm',
  'shutdown',
  'suspended',
  'watchdog',
  'guest-panicked',
  'colo',
  'preconfig',
]

test('there is advice for each word, and for no other', () => {
  expect([...RUN_STATES.keys()].sort()).toEqual(WORDS.toSorted())
})

test.each(WORDS)('%s has advice of its own, and cont is advised for paused alone', async (status) => {
  const { qemu, domain } = await vm({}, {}, { qga: undefined })
  qemu.onCommand('query-status', () => ({ running: false, status }))
  const { advice, evidence } = await findingOf(domain, 'vm-not-running')
  expect(evidence).toBe(`query-status: ${status}`)
  expect(/\bcont\b/.test(advice)).toBe(status === 'paused')
  const same = [...RUN_STATES].filter(([, state]) => state.advice === advice).map(([word]) => word)
  expect(same).toEqual([status])
})

test('a word of a later version is no reason to resume', async () => {
  const { qemu, domain } = await vm({}, {}, { qga: undefined })
  qemu.onCommand('query-status', () => ({ running: false, status: 'odd' }))
  expect((await findingOf(domain, 'vm-not-running')).advice).toContain('do not resume')
})
