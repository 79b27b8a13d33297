// close() while a change waited for the promise of its caller's onStep: the change settled only when that promise did, or at
// its time-out, up to half a minute after close(). Seen on a simulated VM. What must end: a wait that close() does not end.
import { expect, test } from 'vitest'
import { CpuMap, type Domain, type OnStep } from '../../src/index.ts'
import { timedDomain } from '../support/timed-domain.ts'
import { errorOf, settled } from './support.ts'

const never: OnStep = () => new Promise<void>(() => undefined)

test.each<[string, (domain: Domain) => PromiseLike<unknown>]>([
  ['a plug', (domain) => domain.setVcpuState(5, true, { onStep: never })],
  ['a plug with guest', (domain) => domain.setVcpuState(5, true, { guest: true, onStep: never })],
  ['an unplug', (domain) => domain.setVcpuState(1, false, { onStep: never })],
  ['a run', (domain) => domain.scale(4, { onStep: never })],
  ['a map', (domain) => domain.setVcpuStates(CpuMap.of(5), true, { onStep: never })],
])('%s', async (_, call) => {
  const { clock, domain } = await timedDomain()
  const pending = settled(call(domain))
  await clock.advance(1_000)
  await domain.close()
  await clock.advance(0)
  const error = errorOf(await pending)
  const own = error.name === 'ScaleError' ? (error.cause as Error) : error
  expect(own).toMatchObject({ name: 'ConnectionError', code: 'ERR_CLOSED' })
  expect(clock.now()).toBeLessThan(2_000)
})
