// QEMU 7.2 and 10.0 answer one line that is nested too deep with two errors without an id. Each was charged to the oldest
// call as `rejected`: the second one to a device_add behind it, which was carried out. Seen on real QEMUs. What must end:
// a `rejected` that is guessed.
import { expect, test } from 'vitest'
import { ended, errorOf, settle } from './support.ts'
import { ready } from '../unit/qmp/kit.ts'

const IDLESS = '{"error": {"class": "GenericError", "desc": "JSON nesting limit exceeded"}}\r\n'

/** Two calls under way at a peer that has not answered yet. */
async function twoCalls() {
  const { peer, client } = await ready()
  const bad = ended(client.execute('bad', {}))
  await peer.command()
  const plug = ended(client.execute('device_add', { driver: 'cpu' }))
  const { id } = await peer.command()
  return { peer, client, bad, plug, id }
}

test('two errors for one line do not reject the call behind it', async () => {
  const { peer, client, bad, plug, id } = await twoCalls()
  peer.say(IDLESS)
  peer.say(IDLESS)
  await settle()
  peer.say(`{"return": {}, "id": ${id}}\r\n`)
  const end = await plug
  if (end.state !== 'done') expect(end).toMatchObject({ state: 'failed', error: { outcome: 'unknown' } })
  await client.close()
  expect(await bad).toMatchObject({ state: 'failed', error: { outcome: 'unknown' } })
})

test('one error, two calls: neither is certainly rejected', async () => {
  const { peer, client, bad, plug } = await twoCalls()
  peer.say(IDLESS)
  await settle()
  await client.close()
  for (const end of [await bad, await plug]) {
    expect(end).toMatchObject({ state: 'failed', error: { outcome: 'unknown' } })
  }
})

test('one error, one call: it is that one’s, as far as can be known', async () => {
  const { peer, client } = await ready()
  const call = ended(client.execute('bad', {}))
  await peer.command()
  peer.say(IDLESS)
  expect(errorOf(await call)).toMatchObject({ name: 'CommandError', outcome: 'unknown' })
  await client.close()
})
