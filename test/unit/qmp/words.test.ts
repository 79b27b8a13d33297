import { expect, test } from 'vitest'
import { QmpClient } from '../../../src/qmp/index.ts'
import { ManualClock, settled } from '../../support/manual-clock.ts'
import { GREETING, ready, ScriptedPeer } from './kit.ts'

test('the trace says which connection it is', async () => {
  const labels = new Set<string>()
  const { client } = await ready({ trace: ({ label }) => labels.add(label) })
  await client.close()
  expect([...labels]).toEqual(['qmp'])
})

test('a call that this side’s close ends says so', async () => {
  const { client } = await ready()
  const call = expect(client.execute('x-a')).rejects.toMatchObject({
    code: 'ERR_CLOSED',
    outcome: 'unknown',
    message: 'x-a: the connection to the Duplex given was closed by this side',
  })
  await client.close()
  await call
  await expect(client.execute('x-b')).rejects.toMatchObject({ code: 'ERR_CLOSED', outcome: 'not-sent' })
})

test('out of band without having negotiated it', async () => {
  const { client } = await ready()
  expect(client.oob).toBe(false)
  await expect(client.execute('x-a', undefined, { oob: true })).rejects.toMatchObject({
    code: 'ERR_OOB',
    message: 'x-a: out-of-band execution was not negotiated',
  })
  await client.close()
})

test('who asks unchecked hears events as well', async () => {
  const { peer, client } = await ready()
  const events = client.unchecked.events?.()[Symbol.asyncIterator]()
  peer.say('{"event": "X"}\n')
  expect(await events?.next()).toMatchObject({ value: { event: 'X' } })
  await client.close()
  expect(await events?.next()).toMatchObject({ done: true })
})

test('a connection that ends with the answer of the negotiation was never ready', async () => {
  const peer = new ScriptedPeer()
  peer.say(GREETING)
  const connecting = expect(QmpClient.connect(peer.near, { clock: new ManualClock() })).rejects.toMatchObject({
    name: 'ConnectionError',
    code: 'ERR_CONNECTION_LOST',
    outcome: 'unknown',
    message: expect.stringMatching(/^qmp_capabilities: not a line of JSON/) as unknown,
  })
  const { id } = await peer.command()
  peer.say(`{"return": {}, "id": ${id}}\ngarbage\n`)
  await connecting
})

test('an abort while connecting is the cause of closing, with its reason', async () => {
  const controller = new AbortController()
  const clock = new ManualClock()
  const causes: Error[] = []
  const connecting = expect(
    QmpClient.connect(new ScriptedPeer().near, {
      clock,
      signal: controller.signal,
      onClosed: (cause) => causes.push(cause),
    }),
  ).rejects.toBe('mine')
  await settled()
  controller.abort('mine')
  await connecting
  expect(causes).toMatchObject([{ message: 'aborted', cause: 'mine' }])
  expect(clock.armed).toBe(0)
})
