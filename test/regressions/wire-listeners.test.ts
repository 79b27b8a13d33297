import { getEventListeners } from 'node:events'
import { expect, test, vi } from 'vitest'
import { ready } from '../unit/qmp/kit.ts'

// FINDINGS F.6: 11 concurrent calls with one AbortSignal made Node warn of a leak.
test('a thousand calls share a signal without a warning', async () => {
  const warned = vi.fn()
  process.on('warning', warned)
  const { client } = await ready()
  const controller = new AbortController()
  const { signal } = controller
  const calls = Promise.allSettled(Array.from({ length: 1_000 }, () => client.execute('x-a', undefined, { signal })))
  await new Promise((resolve) => setImmediate(resolve))
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  controller.abort('enough')
  expect((await calls).every((call) => call.status === 'rejected' && call.reason === 'enough')).toBe(true)
  await new Promise((resolve) => setImmediate(resolve))
  process.off('warning', warned)
  expect(warned).not.toHaveBeenCalled()
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  await client.close()
})
