import { expect, test } from 'vitest'
import { Waits } from '../../../../src/domain/vm/waits.ts'
import { Deadline } from '../../../../src/wire/deadline.ts'
import { FakeClock } from './fake-clock.ts'
import { stateOf } from './kit.ts'

// Found: a wait went by the system's clock whatever clock its deadline had.
test('a wait goes by the clock of its deadline', async () => {
  const clock = new FakeClock()
  const timeUp = new Error('time is up')
  const deadline = new Deadline({ timeoutMs: 100 }, 100, clock)
  const wait = new Waits().until(stateOf(), () => undefined, { deadline, looks: true, onTimeout: () => timeUp })
  wait.catch(() => undefined)
  expect(clock.pending).toBe(1)
  clock.pass(99)
  expect(clock.pending).toBe(1)
  clock.pass(1)
  await expect(wait).rejects.toBe(timeUp)
  expect(clock.pending).toBe(0)
})
