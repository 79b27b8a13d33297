import { getEventListeners } from 'node:events'
import { expect, test, vi } from 'vitest'
import { callerOwned } from '../../src/wire/caller-owned.ts'
import { ReconnectingQgaClient } from '../../src/qga/reconnecting-client.ts'
import { ManualClock, settled } from '../support/manual-clock.ts'
import { ready } from '../unit/qmp/kit.ts'
import { answerSync, ScriptedPeer } from '../unit/qga/kit.ts'

const CALLS = 10_000

// Many calls under one AbortSignal made Node warn of a leak; an executor that listens to what it is given still did.
const executors = {
  'the monitor': async () => {
    const { client } = await ready()
    return { execute: client.execute.bind(client), close: () => client.close() }
  },
  'the agent': async () => {
    const peer = new ScriptedPeer()
    const client = new ReconnectingQgaClient(peer.near, { connectTimeoutMs: 100, clock: new ManualClock() })
    await client.open(undefined)
    const first = client.execute('x-first')
    await answerSync(peer)
    await peer.command()
    // In flight, so that all others wait for their turn.
    first.catch(() => undefined)
    return { execute: client.execute.bind(client), close: () => client.close() }
  },
  'an executor that listens': () => {
    const execute = (_: string, __?: object, options: { readonly signal?: AbortSignal | undefined } = {}) =>
      new Promise<unknown>((_, reject) => {
        options.signal?.addEventListener('abort', () => {
          reject(new Error('aborted'))
        })
      })
    const link = callerOwned({ execute }, new ManualClock())
    const { executor } = link
    return Promise.resolve({ execute: executor.execute.bind(executor), close: () => link.close() })
  },
}

test.each(Object.entries(executors))('ten thousand calls of %s share a signal', async (_, make) => {
  const warned = vi.fn()
  process.on('warning', warned)
  const { execute, close } = await make()
  const controller = new AbortController()
  const { signal } = controller
  const calls = Promise.allSettled(Array.from({ length: CALLS }, () => execute('x-a', undefined, { signal })))
  await settled()
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  controller.abort('enough')
  const ends = await calls
  expect(ends.filter((call) => call.status === 'rejected' && call.reason === 'enough')).toHaveLength(CALLS)
  await settled()
  process.off('warning', warned)
  expect(warned).not.toHaveBeenCalled()
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
  await close()
})
