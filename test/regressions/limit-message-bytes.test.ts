import { expect, test } from 'vitest'
import { QmpClient } from '../../src/qmp/client.ts'
import { testClock } from '../support/passing-clock.ts'
import { answerSync, synced } from '../unit/qga/kit.ts'
import { ScriptedPeer, ready } from '../unit/qmp/kit.ts'

const LONG = 'x'.repeat(300)

// One reply above the cap closed the connection, and with it every other call and the events of the whole VM.
test('a monitor’s reply above the cap ends its call, and no other', async () => {
  const { peer, client } = await ready({ maxMessageBytes: 200 })
  const calls = [client.execute('x-a'), client.execute('x-long'), client.execute('x-b')]
  await peer.command()
  const ids = [await peer.numbered(), await peer.numbered()].map(({ id }) => id)
  peer.say('{"return": 1}\r\n')
  for (const piece of [`{"return": "${LONG}`, LONG, `", "id": ${ids[0]}}\r`, `\n{"return": 3, "id": ${ids[1]}}\r\n`]) {
    peer.say(piece)
  }
  await expect(calls[1]).rejects.toMatchObject({
    name: 'ProtocolError',
    code: 'ERR_MESSAGE_TOO_LARGE',
    outcome: 'unknown',
    message: 'x-long: a message exceeds the cap of 200 bytes',
  })
  expect(await calls[0]).toBe(1)
  expect(await calls[2]).toBe(3)
  expect(client.state).toBe('ready')
})

test('a monitor’s event above the cap ends no call', async () => {
  const { peer, client } = await ready({ maxMessageBytes: 200 })
  const call = client.execute('x-a')
  const { id } = await peer.command()
  peer.say(`{"timestamp": {"seconds": 1, "microseconds": 0}, "event": "X", "data": {"a": "${LONG}"}}\r\n`)
  peer.say(`{"return": 1${id === null ? '' : `, "id": ${id}`}}\r\n`)
  expect(await call).toBe(1)
})

test('an agent’s reply above the cap ends its call; the next one syncs first', async () => {
  const { peer, client } = await synced({ maxMessageBytes: 200 })
  const call = client.execute('guest-get-vcpus')
  await peer.command()
  peer.say(`{"return": [${'{"logical-id":0,"online":true},'.repeat(20)}{}]}\n`)
  await expect(call).rejects.toMatchObject({ code: 'ERR_MESSAGE_TOO_LARGE', outcome: 'unknown' })
  const next = client.execute('x-ask')
  await answerSync(peer)
  await peer.command()
  peer.say('{"return": 2}\n')
  expect(await next).toBe(2)
})

test('a message above the cap that answers nothing counts in full as junk', async () => {
  const { peer, client } = await ready({ limits: { messageBytes: 200, junkBytes: 700 } })
  peer.say(`{"return": "${LONG}"}\r\n`)
  peer.say(`{"return": "${LONG}"}\r\n`)
  peer.say(`{"return": "${LONG}"}\r\n`)
  const cause = await client.closed
  expect(cause.message).toContain('bytes that answer nothing')
})

test('before the greeting it is no monitor', async () => {
  const peer = new ScriptedPeer()
  peer.say(`${LONG}\n`)
  await expect(QmpClient.connect(peer.near, { clock: testClock(), maxMessageBytes: 200 })).rejects.toMatchObject({
    code: 'ERR_NOT_QMP',
  })
})
