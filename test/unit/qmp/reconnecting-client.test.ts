import { getEventListeners } from 'node:events'
import { expect, test } from 'vitest'
import { ReconnectingQmpClient, reachMonitor, type MonitorOptions } from '../../../src/qmp/reconnecting-client.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { GREETING, ready, ScriptedPeer } from './kit.ts'

const event = (name: string) => `{"event": "${name}", "timestamp": {"seconds": 1, "microseconds": 2}}\r\n`

function setUp(options: Partial<MonitorOptions> = {}) {
  const clock = new ManualClock()
  const log: string[] = []
  const peers: ScriptedPeer[] = []
  const dialer = () => {
    const peer = new ScriptedPeer()
    peers.push(peer)
    peer.say(GREETING)
    return peer.near
  }
  const client = new ReconnectingQmpClient(dialer, {
    connectTimeoutMs: 100,
    clock,
    onConnected: () => log.push('connected'),
    onDisconnected: () => log.push('disconnected'),
    onEvent: ({ event: name }) => log.push(name),
    ...options,
  })
  /** The peer of the last connection, when that is ready. */
  const negotiate = async () => {
    await settled()
    const peer = peers.at(-1)
    if (peer === undefined) throw new Error('nothing was dialled')
    const { id } = await peer.command()
    peer.say(`{"return": {}, "id": ${id}}\r\n`)
    await settled()
    return peer
  }
  return { clock, log, peers, client, negotiate }
}

test('callbacks and replies come in the order of the wire, over two connections', async () => {
  const { clock, log, client, negotiate } = setUp()
  const first = client.execute('x-a', undefined, { onReply: (kind) => log.push(`a: ${kind}`) })
  const peer = await negotiate()
  const { id } = await peer.command()
  peer.say(`${event('BEFORE')}{"error": {"class": "GenericError", "desc": "no"}, "id": ${id}}\r\n${event('AFTER')}`)
  await expect(first).rejects.toMatchObject({ name: 'CommandError', outcome: 'rejected' })
  const lost = expect(client.execute('x-b')).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', outcome: 'unknown' })
  // One that is lost sooner is not dialled at once.
  await clock.advance(1_001)
  peer.end()
  await lost
  const second = client.execute('x-c', undefined, { onReply: (kind) => log.push(`c: ${kind}`) })
  const next = await negotiate()
  const command = await next.command()
  // Nothing is sent twice.
  expect(command.execute).toBe('x-c')
  next.say(`{"return": 1, "id": ${command.id}}\r\n${event('LAST')}`)
  expect(await second).toBe(1)
  expect(log).toEqual(['connected', 'BEFORE', 'a: error', 'AFTER', 'disconnected', 'connected', 'c: return', 'LAST'])
  await client.close()
})

test('a connected client needs one timer, and its caller’s signal one listener', async () => {
  const { clock, client, negotiate } = setUp()
  const opening = client.open(undefined)
  await negotiate()
  await opening
  const { signal } = new AbortController()
  await clock.advance(60_000)
  expect(clock.armed).toBe(0)
  const call = expect(client.execute('x-a', undefined, { signal })).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  const other = expect(client.execute('x-b')).rejects.toMatchObject({ code: 'ERR_CLOSED' })
  expect(clock.armed).toBe(1)
  expect(getEventListeners(signal, 'abort')).toHaveLength(1)
  await client.close()
  await Promise.all([call, other])
  expect(clock.armed).toBe(0)
  expect(getEventListeners(signal, 'abort')).toHaveLength(0)
})

test('close() during the greeting ends the call and sends nothing', async () => {
  const { clock, client, peers } = setUp()
  const call = expect(client.execute('x-a')).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
  await client.close()
  await call
  await clock.advance(10_000)
  expect(peers.map(({ heard }) => heard).join('')).not.toContain('x-a')
  expect(clock.armed).toBe(0)
})

test('what onEvent throws closes the connection', async () => {
  const failure = new Error('the driver broke')
  const { client, negotiate } = setUp({
    onEvent: () => {
      throw failure
    },
  })
  const call = expect(client.execute('x-a')).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST', cause: failure })
  const peer = await negotiate()
  peer.say(event('STOP'))
  await call
  await client.close()
})

test('a client of the caller’s own is not closed, but its calls are', async () => {
  const clock = new ManualClock()
  const { peer, client } = await ready({ clock })
  const link = reachMonitor(client, { connectTimeoutMs: 1, clock })
  const call = expect(link.executor.execute('x-a')).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'unknown' })
  expect(clock.armed).toBe(1)
  await peer.command()
  await link.close()
  await call
  await expect(link.executor.execute('x-b')).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
  expect(client.state).toBe('ready')
  await client.close()
})

test('connected() dials where there is no connection, and not where there is one', async () => {
  const { peers, client, negotiate } = setUp()
  const connecting = client.connected({ timeoutMs: 50 })
  await negotiate()
  await connecting
  expect(peers).toHaveLength(1)
  await client.connected({ timeoutMs: 50 })
  expect(peers).toHaveLength(1)
  await client.close()
  await expect(client.connected({})).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
})
