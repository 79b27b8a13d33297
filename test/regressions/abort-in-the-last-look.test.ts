// A step of a run failed, and the run looked at the VM once more to say what is so; its caller's abort did not end that look,
// which with a mute agent took its whole time-out. Seen on a simulated VM. What must end: a wait that an abort does not end.
import { expect, test } from 'vitest'
import { timedDomain } from '../support/timed-domain.ts'
import { settled, errorOf, expectAborted } from './support.ts'

test('abort while a run that has failed looks once more', async () => {
  const { clock, vm, domain } = await timedDomain({ guest: { onPlug: 'refuse' } })
  const abort = new AbortController()
  const run = domain.scale(3, { guest: true, timeoutMs: 10_000, signal: abort.signal })
  const end = settled(run)
  const failing = async (): Promise<void> => {
    for await (const { type } of run) if (type === 'failed') return
  }
  await clock.run(failing())
  vm.stopAgent()
  await clock.advance(1_000)
  abort.abort(new Error('enough'))
  const start = clock.now()
  const error = errorOf(await clock.run(end))
  expect(clock.now() - start).toBe(0)
  expectAborted(error, abort.signal.reason, ['partial', 'unknown'])
})
