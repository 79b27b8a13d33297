import { getEventListeners } from 'node:events'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { QgaClient, type QgaClientState } from '../../../src/qga/index.ts'
import { SimulatedAgent, SimulatedGuest } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { answer, answerSync, ScriptedPeer, settle, synced } from './kit.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe('a call whose answer is still owed puts the client out of step', () => {
  test('after a time-out', async () => {
    const { peer, client } = await synced()
    const slow = client.execute('x-slow', undefined, { timeoutMs: 5 })
    await expect(slow).rejects.toMatchObject({ name: 'TimeoutError', code: 'ERR_TIMEOUT', outcome: 'unknown' })
    expect(client.state).toBe('unsynced')
    const { id } = await peer.command()
    const next = client.execute('x-next')
    peer.say(`{"return": "late", "id": ${id}}\n`)
    await answerSync(peer)
    await answer(peer, '"in time"')
    expect(await next).toBe('in time')
    expect(client.droppedMessages).toBe(1)
  })

  test('after an abort', async () => {
    const { peer, client } = await synced()
    const controller = new AbortController()
    const slow = client.execute('x-slow', undefined, { signal: controller.signal })
    await peer.command()
    controller.abort('enough')
    await expect(slow).rejects.toBe('enough')
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
    expect(client.state).toBe('unsynced')
    const next = client.execute('x-next')
    await answerSync(peer)
    await answer(peer, '1')
    expect(await next).toBe(1)
  })

  test.each([
    ['no JSON', 'garbage\n'],
    ['no object', '[1]\n'],
    ['no line', '\n'],
    ['no UTF-8', Uint8Array.from([0x22, 0xc3, 0x28, 0x22, 0x0a])],
    ['half a line and then another', '{"return": [\n{"return": []}\n'],
  ])('after a bad line: %s', async (_, bytes) => {
    const { peer, client } = await synced()
    const call = client.execute('x-ask')
    await peer.command()
    peer.say(bytes)
    await expect(call).rejects.toMatchObject({ name: 'ProtocolError', outcome: 'unknown' })
    expect(client.state).toBe('unsynced')
    const next = client.execute('x-next')
    await answerSync(peer)
    await answer(peer, '1')
    expect(await next).toBe(1)
  })

  test('but not after an answer of any kind', async () => {
    const { peer, client } = await synced()
    const refused = client.execute('x-ask')
    const { id } = await peer.command()
    peer.say(`{"error": {"class": "GenericError", "desc": "no"}, "id": ${id}}\n`)
    await expect(refused).rejects.toMatchObject({ name: 'CommandError', outcome: 'rejected' })
    const odd = client.execute('guest-get-vcpus')
    await answer(peer, '{}')
    await expect(odd).rejects.toMatchObject({ name: 'ProtocolError' })
    expect(client.state).toBe('synced')
  })

  test('nor after an abort that found nothing sent', async () => {
    const { client, peer } = await synced()
    await expect(client.execute('x-ask', undefined, { signal: AbortSignal.abort(0) })).rejects.toBe(0)
    await expect(client.execute('x-ask', { big: 1n })).rejects.toMatchObject({ code: 'ERR_ARGUMENTS' })
    expect(client.state).toBe('synced')
    await settle()
    expect(peer.heard).toBe('')
  })
})

test('the states, in order', async () => {
  const peer = new ScriptedPeer()
  const states: QgaClientState[] = []
  // Everything that changes the state is a piece of traffic, or ends the wait for one.
  const note = () => {
    if (states.at(-1) !== client.state) states.push(client.state)
  }
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] })
  const client = await QgaClient.connect(peer.near, { sync: false })
  note()
  const first = client.execute('x-ask', undefined, { timeoutMs: 50 })
  await settle()
  note()
  await answerSync(peer)
  await settle()
  note()
  vi.advanceTimersByTime(50)
  await expect(first).rejects.toMatchObject({ code: 'ERR_TIMEOUT' })
  note()
  await peer.command()
  const second = client.execute('x-ask')
  await settle()
  note()
  await answerSync(peer)
  await answer(peer, '1')
  await second
  note()
  await client.close()
  note()
  expect(states).toEqual(['unsynced', 'syncing', 'synced', 'unsynced', 'syncing', 'synced', 'closed'])
})

describe('one command is in flight at a time', () => {
  test('the next is sent when the one before has ended', async () => {
    const { peer, client } = await synced()
    const calls = ['x-a', 'x-b', 'x-c'].map((command) => client.execute(command))
    for (const command of ['x-a', 'x-b', 'x-c']) {
      await settle()
      expect(peer.heard.match(/execute/g)).toHaveLength(1)
      expect(peer.heard).toContain(command)
      await answer(peer, `"${command}"`)
    }
    expect(await Promise.all(calls)).toEqual(['x-a', 'x-b', 'x-c'])
  })

  test('one whose time is up before its turn is never sent', async () => {
    const { peer, client } = await synced()
    const first = client.execute('x-a')
    const late = client.execute('x-b', undefined, { timeoutMs: 5 })
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError', outcome: 'not-sent' })
    await answer(peer, '1')
    expect(await first).toBe(1)
    await settle()
    expect(peer.heard).toBe('')
    expect(client.state).toBe('synced')
  })

  test('closing ends the one in flight and those that wait', async () => {
    const { peer, client } = await synced()
    const calls = Promise.allSettled(['x-a', 'x-b'].map((command) => client.execute(command)))
    await peer.command()
    await client.close()
    await client.close()
    expect(await calls).toMatchObject([
      { reason: { code: 'ERR_CLOSED', outcome: 'unknown' } },
      { reason: { code: 'ERR_CLOSED', outcome: 'not-sent' } },
    ])
    await expect(client.execute('x-c')).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
  })

  test('the end of the channel does the same, with its cause', async () => {
    const { peer, client } = await synced()
    const calls = Promise.allSettled(['x-a', 'x-b'].map((command) => client.execute(command)))
    await peer.command()
    peer.end()
    const cause = await client.closed
    expect(await calls).toMatchObject([
      { reason: { code: 'ERR_CONNECTION_LOST', outcome: 'unknown' } },
      { reason: { code: 'ERR_CONNECTION_LOST', outcome: 'not-sent' } },
    ])
    expect(cause).toMatchObject({ code: 'ERR_CONNECTION_LOST' })
  })
})

test('await using closes', async () => {
  const agent = new SimulatedAgent(new SimulatedGuest({ kind: 's390x', vcpus: [0], possible: 1 }))
  let kept: QgaClient
  {
    await using client = await QgaClient.connect(agent.connect(), { clock: testClock() })
    kept = client
    await kept.execute('guest-ping')
  }
  expect(kept.state).toBe('closed')
})

test('a refused command’s stack points at its caller', async () => {
  const agent = new SimulatedAgent(new SimulatedGuest({ kind: 'x86', vcpus: [0], possible: 1 }))
  const client = await QgaClient.connect(agent.connect(), { clock: testClock() })
  async function whoAsked() {
    await client.execute('x-unknown')
  }
  const error = await whoAsked().catch((reason: unknown) => reason)
  expect((error as Error).stack).toContain('whoAsked')
})
