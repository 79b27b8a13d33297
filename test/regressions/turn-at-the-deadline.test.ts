// Two calls with the same time-out, the second queued behind the first: when the first timed out, the second got its turn at
// the moment at which its own time was up, and began all the same: it could send what its caller had given up on. Seen on a
// simulated VM. What must end: a task that begins when its time is over.
import { expect, test } from 'vitest'
import { VirtualClock } from '../../src/testing/index.ts'
import { Deadline } from '../../src/wire/deadline.ts'
import { TurnQueue } from '../../src/wire/turn-queue.ts'
import { timedDomain } from '../support/timed-domain.ts'
import { settled, errorOf } from './support.ts'

test('a turn that comes at the deadline comes too late', async () => {
  const clock = new VirtualClock()
  const queue = new TurnQueue('the one before', clock)
  let hasRun = false
  const first = queue.run(new Deadline({}, 50, clock), 'first', () => {
    return new Promise<void>((resolve) => {
      clock.after(50, resolve)
    })
  })
  const second = settled(
    queue.run(new Deadline({}, 50, clock), 'second', () => {
      hasRun = true
      return Promise.resolve()
    }),
  )
  await clock.run(first)
  await clock.advance(0)
  expect(errorOf(await second)).toMatchObject({ code: 'ERR_TIMEOUT', outcome: 'not-sent' })
  expect(hasRun).toBe(false)
})

test('no call sends anything after its time', async () => {
  const { clock, vm, domain } = await timedDomain()
  vm.stopAgent()
  const calls = [1, 1, 1, 1].map((id) => settled(domain.setGuestVcpuState(id, false, { timeoutMs: 50 })))
  const start = clock.now()
  await clock.run(Promise.all(calls))
  expect(clock.now() - start).toBe(50)
})
