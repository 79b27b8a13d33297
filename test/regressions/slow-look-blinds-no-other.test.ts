// One look that QEMU was slow to answer, and for four times as long nothing was looked at any more: the next unplug, done in
// 50 ms, timed out as pending, and a listener of changes() did not hear for half a minute that another QEMU had taken the
// place of the one that was lost. Seen on a simulated VM. What must end: one slow answer that delays what comes after it.
import { expect, test } from 'vitest'
import { timedDomain } from '../support/timed-domain.ts'
import { settled, listenTo } from './support.ts'

test('an unplug after a slow look', async () => {
  const { clock, vm, domain } = await timedDomain()
  const unstick = vm.inject({ at: { command: 'query-cpus-fast' }, do: 'slow', ms: 9_000 })
  listenTo(domain)
  await clock.advance(9_100)
  unstick()
  const end = await clock.run(settled(domain.setVcpuState(1, false, { timeoutMs: 10_000 })))
  expect(end).toMatchObject({ state: 'done' })
})

test('a listener after a slow look', async () => {
  const { clock, vm, domain } = await timedDomain()
  const unstick = vm.inject({ at: { command: 'query-cpus-fast' }, do: 'slow', ms: 9_000 })
  const told = listenTo(domain)
  await clock.advance(9_100)
  unstick()
  vm.restart()
  await clock.advance(10_000)
  expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(['disconnected', 'connected', 'gap']))
})
