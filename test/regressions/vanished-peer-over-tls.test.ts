// A monitor over TLS (a function that dials a TLSSocket) whose peer vanished: the connection was to be reset, which Node allows
// for plain TCP sockets only and throws for others. It stayed open, and every call on it ran out of time. Seen with Node's own
// TLS over loopback. What must end: a stream that looks like a TCP socket and is not closed because it is none.
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:tls'
import { expect, onTestFinished, test } from 'vitest'
import { QmpClient } from '../../src/qmp/index.ts'
import { LineChannel } from '../../src/wire/line-channel.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { until } from '../support/passing-clock.ts'

/** Both ends of a TLS connection over loopback; a key that both know stands in for certificates. */
async function tlsPair(): Promise<{ readonly client: Socket; readonly server: Socket }> {
  const psk = Buffer.alloc(32, 7)
  const shared = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const
  const listener = createServer({ ...shared, pskCallback: () => psk })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { port } = listener.address() as AddressInfo
  const accepted = once(listener, 'secureConnection') as Promise<[Socket]>
  const client = connect({
    ...shared,
    host: '127.0.0.1',
    port,
    pskCallback: () => ({ psk, identity: 'client' }),
    checkServerIdentity: () => undefined,
  })
  const [server] = await accepted
  onTestFinished(() => {
    client.destroy()
    server.destroy()
    listener.close()
  })
  return { client, server }
}

test.each(['with nothing unsent', 'with something unsent'])('is closed, %s', async (how) => {
  const { client } = await tlsPair()
  const clock = new ManualClock()
  const closedBy: Error[] = []
  const channel = new LineChannel(client, {
    label: 'qmp',
    maxMessageBytes: 100,
    clock,
    hasVanished: () => Promise.resolve(true),
    onLine: () => undefined,
    onClose: (cause) => closedBy.push(cause),
  })
  channel.send('{"execute":"query-status"}\n')
  if (how === 'with something unsent') client.cork()
  await until(() => clock.armed > 0)
  await clock.advance(10_000)
  await until(() => closedBy.length > 0)
  expect(closedBy).toMatchObject([{ code: 'ERR_CONNECTION_LOST', message: /vanished/ }])
  expect(client.destroyed).toBe(true)
})

test('a peer that ends its half: the client’s own cause', async () => {
  const { client, server } = await tlsPair()
  const connecting = QmpClient.connect(client, { timeoutMs: 60_000 })
  const rejection = expect(connecting).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' })
  server.end()
  await rejection
  expect(client.destroyed).toBe(true)
})
