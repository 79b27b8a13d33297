// A plug right after an unplug of the same vCPU was refused as ERR_REMOVAL_PENDING when it came a millisecond later, and
// waited for the unplug and plugged again when it came in the same tick. Seen on a simulated QEMU. What must end: an
// answer that depends on the tick in which the question came.
import { expect, test } from 'vitest'
import { begin, connectSimulated, failureOf, resultOf, testClock, timesReceived } from './support.ts'

test.each([
  ['in the same tick', () => Promise.resolve()],
  ['a microtask later', () => Promise.resolve().then(() => undefined)],
  ['a tick later', () => new Promise((resolve) => setImmediate(resolve))],
  ['a millisecond later', () => testClock().sleep(1)],
])('%s', async (when, pause) => {
  const { qemu, domain } = await connectSimulated()
  qemu.guest.onUnplug = 'ignore'
  const unplug = begin(domain.setVcpuState(1, false))
  if (when !== 'in the same tick') await pause()
  const error = await failureOf(domain.setVcpuState(1, true))
  expect(error).toMatchObject({ name: 'RefusedError', code: 'ERR_REMOVAL_PENDING', outcome: 'not-sent' })
  qemu.completePendingUnplug()
  expect(String((await resultOf(unplug)).changed)).toBe('1')
  expect(timesReceived(qemu, 'device_add')).toBe(0)
})
