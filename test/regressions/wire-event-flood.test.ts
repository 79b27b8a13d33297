import { expect, test, vi } from 'vitest'
import { ReconnectingQmpClient } from '../../src/qmp/reconnecting-client.ts'
import { settled } from '../support/manual-clock.ts'
import { GREETING, ScriptedPeer } from '../unit/qmp/kit.ts'

// FINDINGS F.1: 70,000 small events in one piece on a Duplex ended the process.
test('an event stream that overflows fails for its reader, and for nobody else', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  const peer = new ScriptedPeer()
  peer.say(GREETING)
  let heard = 0
  const client = new ReconnectingQmpClient(peer.near, { connectTimeoutMs: 60_000, onEvent: () => heard++ })
  const unread = client.events()
  const opening = client.open(undefined)
  const { id } = await peer.command()
  peer.say(`{"return": {}, "id": ${id}}\n`)
  await opening
  peer.say('{"event":"X"}\n'.repeat(70_000))
  while (heard < 70_000) await settled()
  const answer = client.execute('x-a')
  const command = await peer.command()
  peer.say(`{"return": 1, "id": ${command.id}}\n`)
  expect(await answer).toBe(1)
  await settled()
  process.off('unhandledRejection', unhandled)
  expect(unhandled).not.toHaveBeenCalled()
  let read = 0
  const reading = (async () => {
    for await (const each of unread) read += each.event.length
  })()
  await expect(reading).rejects.toMatchObject({ code: 'ERR_EVENT_OVERFLOW' })
  expect(read).toBeGreaterThan(0)
  await client.close()
})
