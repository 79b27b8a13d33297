import { expect, test } from 'vitest'
import { readGuestFile } from '../../src/qga/index.ts'
import { ReconnectingQgaClient } from '../../src/qga/reconnecting-client.ts'
import { ManualClock, settled } from '../support/manual-clock.ts'
import { answer, answerSync, ScriptedPeer, synced } from '../unit/qga/kit.ts'

const content = (text: string) =>
  JSON.stringify({ count: text.length, 'buf-b64': Buffer.from(text).toString('base64'), eof: true })

// FINDINGS B.5: a mute guest-file-close took 2 s beyond any time-out, and what was read was thrown away.
test.each(['time-out', 'abort'])('a mute close ends with the caller’s %s and costs nothing', async (how) => {
  const clock = new ManualClock()
  const { peer, client } = await synced({ clock })
  const controller = new AbortController()
  const reading = readGuestFile(client, '/f', { timeoutMs: 100, signal: controller.signal, clock })
  await answer(peer, '7')
  await answer(peer, content('0-3'))
  expect((await peer.command()).execute).toBe('guest-file-close')
  let isRead = false
  void reading.then(() => (isRead = true))
  await settled()
  expect(isRead).toBe(false)
  if (how === 'abort') controller.abort()
  else await clock.advance(100)
  expect(Buffer.from(await reading).toString()).toBe('0-3')
  await client.close()
  expect(clock.armed).toBe(0)
})

test('a failing close costs nothing', async () => {
  const clock = new ManualClock()
  const { peer, client } = await synced({ clock })
  const reading = readGuestFile(client, '/f', { clock })
  await answer(peer, '7')
  await answer(peer, content('0-3'))
  const { id } = await peer.command()
  peer.say(`{"error": {"class": "GenericError", "desc": "no such handle"}, "id": ${id}}\n`)
  expect(Buffer.from(await reading).toString()).toBe('0-3')
  await client.close()
})

// FINDINGS F.6: late answers to guest-file-open left handles open in the guest.
test.each([
  ['with its id', (id: number) => `{"return": 9, "id": ${id}}\n`],
  ['without, as agents before QEMU 4.0 answer', () => '{"return": 9}\n'],
])('a handle that comes too late is closed all the same: %s', async (_, late) => {
  const clock = new ManualClock()
  const peer = new ScriptedPeer()
  const client = new ReconnectingQgaClient(peer.near, { connectTimeoutMs: 100, clock })
  const reading = expect(readGuestFile(client, '/f', { timeoutMs: 50, clock })).rejects.toMatchObject({
    code: 'ERR_TIMEOUT',
  })
  await answerSync(peer)
  const { execute, id } = await peer.numbered()
  expect(execute).toBe('guest-file-open')
  await clock.advance(50)
  await reading
  peer.say(late(id))
  await answerSync(peer)
  expect(await answer(peer, '{}')).toMatchObject({ execute: 'guest-file-close', arguments: { handle: 9 } })
  await settled()
  await client.close()
  expect(clock.armed).toBe(0)
})
