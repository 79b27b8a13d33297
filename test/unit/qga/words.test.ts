import { expect, test } from 'vitest'
import { QgaClient } from '../../../src/qga/index.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { ScriptedPeer, synced } from './kit.ts'

test('the trace says which connection it is', async () => {
  const labels = new Set<string>()
  const { client } = await synced({ trace: ({ label }) => labels.add(label) })
  await client.close()
  expect([...labels]).toEqual(['qga'])
})

test('a call that this side’s close ends says so', async () => {
  const { client } = await synced()
  const call = expect(client.execute('x-a')).rejects.toMatchObject({
    code: 'ERR_CLOSED',
    outcome: 'unknown',
    message: 'x-a: the channel at the Duplex given was closed by this side',
  })
  await client.close()
  await call
  await expect(client.execute('x-b')).rejects.toMatchObject({
    code: 'ERR_CLOSED',
    outcome: 'not-sent',
    message: 'guest-sync-delimited: the channel at the Duplex given was closed by this side',
  })
})

test('a sync that the end of the channel ends was all that was sent', async () => {
  const peer = new ScriptedPeer()
  const connecting = expect(QgaClient.connect(peer.near, { clock: new ManualClock() })).rejects.toMatchObject({
    code: 'ERR_CONNECTION_LOST',
    outcome: 'not-sent',
    message: 'guest-sync-delimited: qga: the peer closed the connection',
  })
  await peer.command()
  peer.end()
  await connecting
})

test('no answer: what it can mean', async () => {
  const clock = new ManualClock()
  const connecting = expect(QgaClient.connect(new ScriptedPeer().near, { clock })).rejects.toMatchObject({
    code: 'ERR_NO_AGENT_ANSWER',
    outcome: 'not-sent',
    message:
      'no guest agent answered at the Duplex given within 5000 ms: it does not run (yet), the guest hangs, or another ' +
      'client holds the channel',
  })
  await clock.advance(5_000)
  await connecting
})

test('an abort while connecting closes the channel', async () => {
  const controller = new AbortController()
  const peer = new ScriptedPeer()
  const connecting = expect(
    QgaClient.connect(peer.near, { clock: new ManualClock(), signal: controller.signal }),
  ).rejects.toBe('mine')
  await settled()
  controller.abort('mine')
  await connecting
  expect(peer.near.destroyed).toBe(true)
})
