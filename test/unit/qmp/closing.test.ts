import { describe, expect, test } from 'vitest'
import { QmpClient } from '../../../src/qmp/index.ts'
import { SimulatedQemu } from '../../../src/testing/index.ts'
import { testClock } from '../../support/passing-clock.ts'
import { ready, settle } from './kit.ts'

async function reasons(calls: readonly Promise<unknown>[]) {
  return (await Promise.allSettled(calls)).map((each) =>
    each.status === 'rejected' ? (each.reason as unknown) : 'kept',
  )
}

describe('closing settles everything that waits, with the first cause', () => {
  test('when the peer ends', async () => {
    const { peer, client } = await ready()
    const calls = [client.execute('x-a'), client.execute('x-b')]
    const waiting = client.events().next()
    peer.end()
    const [one, other] = await reasons(calls)
    expect(one).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      outcome: 'unknown',
      message: expect.stringMatching(/^x-a: /) as unknown,
    })
    expect(other).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      outcome: 'unknown',
      message: expect.stringMatching(/^x-b: /) as unknown,
    })
    const cause = await client.closed
    expect((one as Error).cause).toBe(cause)
    expect((other as Error).cause).toBe(cause)
    expect(await waiting).toMatchObject({ done: true })
    expect(client.state).toBe('closed')
    await expect(client.execute('stop')).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      outcome: 'not-sent',
      cause,
    })
  })

  test('when this side closes: again does nothing', async () => {
    const { client } = await ready()
    const calls = [client.execute('x-a'), client.execute('x-b')]
    await client.close()
    await client.close()
    const expected = { code: 'ERR_CLOSED', outcome: 'unknown' }
    expect(await reasons(calls)).toMatchObject([expected, expected])
    expect(await client.closed).toMatchObject({ code: 'ERR_CLOSED' })
  })

  test('when the peer sends what is no message', async () => {
    const { peer, client } = await ready()
    const call = client.execute('x-a')
    await peer.command()
    peer.say('{"return": {}, "id": \r\n')
    await expect(call).rejects.toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      cause: expect.objectContaining({ name: 'ProtocolError', code: 'ERR_PROTOCOL' }) as unknown,
    })
  })

  test('when a message above the cap has no end in sight', async () => {
    const { peer, client } = await ready({ maxMessageBytes: 200 })
    const call = client.execute('x-a')
    await peer.command()
    peer.say(`{"return": "${'x'.repeat(900)}`)
    await expect(call).rejects.toMatchObject({ cause: { code: 'ERR_MESSAGE_TOO_LARGE' } })
    expect(client.state).toBe('closed')
  })

  test('a message of exactly the cap passes', async () => {
    const reply = '{"return": "xxxxxxxxxx"}'
    const { peer, client } = await ready({ maxMessageBytes: 130 })
    const call = client.execute('x-a')
    await peer.command()
    const padded = reply.replace('xxxxxxxxxx', 'x'.repeat(130 - reply.length + 10))
    expect(padded).toHaveLength(130)
    peer.say(`${padded}\r\n`)
    expect(await call).toMatch(/^x+$/)
  })
})

test('await using closes', async () => {
  const qemu = new SimulatedQemu({ kind: 'x86' })
  let kept: QmpClient
  {
    await using client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    kept = client
    expect(kept.state).toBe('ready')
  }
  expect(kept.state).toBe('closed')
})

describe('events', () => {
  test('come from the call on, to each reader, checked in their envelope only', async () => {
    const qemu = new SimulatedQemu({ kind: 'x86' })
    const client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    qemu.emit('TOO_EARLY')
    await settle()
    const [one, other] = [client.events(), client.events()]
    qemu.emit('ODD', { anything: 1 })
    for (const stream of [one, other]) {
      expect(await stream.next()).toMatchObject({ value: { event: 'ODD', data: { anything: 1 } } })
    }
    await one.return()
    qemu.emit('NEXT')
    expect(await other.next()).toMatchObject({ value: { event: 'NEXT' } })
    expect(await one.next()).toMatchObject({ done: true })
  })

  test('a reader that falls behind fails by itself', async () => {
    const qemu = new SimulatedQemu({ kind: 'x86' })
    const client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    const slow = client.events({ capacity: 2 })
    const quick = client.events()
    for (let at = 0; at < 3; at++) qemu.emit(`E${at}`)
    await settle()
    const read = async () => {
      const names: string[] = []
      for await (const { event } of slow) names.push(event)
      return names
    }
    await expect(read()).rejects.toMatchObject({ code: 'ERR_EVENT_OVERFLOW' })
    expect(await quick.next()).toMatchObject({ value: { event: 'E0' } })
    expect(client.state).toBe('ready')
  })

  test('end when the client closes, after what was held', async () => {
    const qemu = new SimulatedQemu({ kind: 'x86' })
    const client = await QmpClient.connect(qemu.connect(), { clock: testClock() })
    const stream = client.events()
    qemu.emit('LAST')
    await settle()
    await client.close()
    const names: string[] = []
    for await (const { event } of stream) names.push(event)
    expect(names).toEqual(['LAST'])
    expect(await client.events().next()).toMatchObject({ done: true })
  })

  test('without a timestamp, without data', async () => {
    const { peer, client } = await ready()
    const stream = client.events()
    peer.say('{"event": "BARE"}\r\n{"event": "ODD", "timestamp": {"seconds": "x"}, "data": {"a": 1}}\r\n')
    const timestamp = { seconds: -1, microseconds: -1 }
    expect(await stream.next()).toEqual({ done: false, value: { event: 'BARE', data: {}, timestamp } })
    expect(await stream.next()).toEqual({ done: false, value: { event: 'ODD', data: { a: 1 }, timestamp } })
  })

  test.each(['{"event": 7}', '{"event": "X", "data": []}', '{"event": "X", "data": 3}'])(
    '%s closes the connection',
    async (line) => {
      const { peer, client } = await ready()
      peer.say(`${line}\r\n`)
      expect(await client.closed).toMatchObject({ code: 'ERR_PROTOCOL' })
    },
  )
})
