import { describe, expect, test, vi } from 'vitest'
import { QgaClient } from '../../../src/qga/index.ts'
import { reachAgent, ReconnectingQgaClient } from '../../../src/qga/reconnecting-client.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { answer, answerSync, ScriptedPeer, synced } from './kit.ts'

function setUp(more: Partial<ConstructorParameters<typeof ReconnectingQgaClient>[1]> = {}) {
  const clock = new ManualClock()
  const peers: ScriptedPeer[] = []
  const log: string[] = []
  const dial = () => {
    const peer = new ScriptedPeer()
    peers.push(peer)
    return peer.near
  }
  const link = new ReconnectingQgaClient(dial, {
    connectTimeoutMs: 1_000,
    clock,
    onConnected: () => log.push('connected'),
    onDisconnected: (cause) => log.push(cause.message),
    ...more,
  })
  const last = () => peers.at(-1) ?? new ScriptedPeer()
  return { clock, link, peers, last, log }
}

test('opening the channel asks for no answer: a guest may still be booting', async () => {
  const { clock, link, last, log } = setUp()
  await link.open(undefined)
  await settled()
  expect(last().heard).toBe('')
  expect(log).toEqual(['connected'])
  await link.close()
  expect(log).toEqual(['connected', 'the channel at the endpoint given was closed by this side'])
  expect(clock.armed).toBe(0)
})

test('a command connects, syncs and is bounded as a whole', async () => {
  const { clock, link, peers, last } = setUp()
  expect(peers).toHaveLength(0)
  const call = link.execute('x-ask', { a: 1 }, { timeoutMs: 700 })
  await settled()
  await answerSync(last())
  expect(await answer(last(), '7')).toMatchObject({ execute: 'x-ask', arguments: { a: 1 } })
  expect(await call).toBe(7)
  // Now there is a connection: no other is made.
  const next = expect(link.execute('x-next', undefined, { timeoutMs: 300 })).rejects.toMatchObject({
    message: 'x-next: no answer within 300 ms',
  })
  await clock.advance(300)
  await next
  expect(peers).toHaveLength(1)
  await link.close()
  expect(clock.armed).toBe(0)
})

test('the time for connecting counts against the command, and its options reach the agent', async () => {
  const clock = new ManualClock()
  const peer = new ScriptedPeer()
  let connect = (): void => undefined
  const dialling = new Promise<typeof peer.near>((resolve) => {
    connect = () => {
      resolve(peer.near)
    }
  })
  const link = new ReconnectingQgaClient(() => dialling, { connectTimeoutMs: 1_000, clock })
  const onReply = vi.fn()
  const onLateReturn = vi.fn()
  const call = expect(
    link.execute('x-ask', undefined, { timeoutMs: 700, onReply, onLateReturn }),
  ).rejects.toMatchObject({
    code: 'ERR_TIMEOUT',
  })
  await clock.advance(600)
  connect()
  await settled()
  await answerSync(peer)
  const { id } = await peer.command()
  await clock.advance(100)
  await call
  peer.say(`{"return": 7, "id": ${id}}\n`)
  await settled()
  expect(onReply.mock.calls).toEqual([['return']])
  expect(onLateReturn.mock.calls).toEqual([[7]])
  await link.close()
})

test('after a loss the next command connects again; nothing is sent twice', async () => {
  const { clock, link, peers, last, log } = setUp()
  const call = link.execute('x-a')
  await settled()
  await answerSync(last())
  await answer(last(), '1')
  await call
  const lost = expect(link.execute('x-b')).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  await last().command()
  // One that is lost sooner is not dialled at once.
  await clock.advance(1_001)
  last().end()
  await lost
  expect(log).toEqual(['connected', 'qga: the peer closed the connection'])
  const again = link.execute('x-c')
  await settled()
  await answerSync(last())
  expect(await answer(last(), '3')).toMatchObject({ execute: 'x-c' })
  expect(await again).toBe(3)
  expect(peers).toHaveLength(2)
  await link.close()
  expect(clock.armed).toBe(0)
})

test('a channel that is over when it is opened was never connected', async () => {
  const over = new ScriptedPeer()
  over.near.destroy()
  const { clock, link, log } = setUp()
  const direct = new ReconnectingQgaClient(() => over.near, {
    connectTimeoutMs: 100,
    clock,
    onConnected: () => log.push('connected'),
  })
  await direct.open(undefined).catch(() => undefined)
  await settled()
  await direct.close()
  await link.close()
  await expect(link.execute('x')).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
  await expect(link.open(undefined)).rejects.toMatchObject({
    code: 'ERR_CLOSED',
    message: "the agent's channel was closed by this side",
  })
})

describe('reachAgent', () => {
  test('a client is used as it is, and bounds itself', async () => {
    const clock = new ManualClock()
    const { peer, client } = await synced({ clock })
    const link = reachAgent(client, { connectTimeoutMs: 100, clock })
    const call = link.executor.execute('guest-get-vcpus', undefined, { timeoutMs: 500 })
    await settled()
    // One timer, that of the client.
    expect(clock.armed).toBe(1)
    // Unchecked: who asks through a link checks replies itself.
    await answer(peer, '"odd"')
    expect(await call).toBe('odd')
    await link.close()
    expect(client.state).toBe('synced')
    await client.close()
  })

  test('any other executor is guarded, and anything else refused', async () => {
    const clock = new ManualClock()
    const link = reachAgent({ execute: () => new Promise(() => undefined) }, { connectTimeoutMs: 100, clock })
    const late = expect(link.executor.execute('x', undefined, { timeoutMs: 50 })).rejects.toThrow(
      'x: no answer within 50 ms',
    )
    await clock.advance(50)
    await late
    expect(() => reachAgent(7 as never, { connectTimeoutMs: 1 })).toThrow('invalid endpoint 7')
    expect(reachAgent('/run/qga.sock', { connectTimeoutMs: 1 })).toBeInstanceOf(ReconnectingQgaClient)
    expect(QgaClient).toBeDefined()
  })
})
