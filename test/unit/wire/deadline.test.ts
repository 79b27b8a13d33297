import { expect, test } from 'vitest'
import { Deadline } from '../../../src/wire/deadline.ts'
import { ManualClock } from '../../support/manual-clock.ts'

test('a deadline goes by its clock, and an earlier one ends sooner with the same words', async () => {
  const clock = new ManualClock()
  const { signal } = new AbortController()
  const deadline = new Deadline({ signal, timeoutMs: 100 }, 5, clock)
  await clock.advance(40)
  const sooner = deadline.earlier(25)
  expect(deadline.clock).toBe(clock)
  expect(deadline.leftMs).toBe(60)
  expect(deadline.timed()).toEqual({ signal, timeoutMs: 60, clock })
  expect(sooner).toMatchObject({ signal, timeoutMs: 100, leftMs: 35, clock })
  expect(sooner.earlier(50).options()).toEqual({ signal, timeoutMs: 1 })
})
