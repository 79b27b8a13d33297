import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import { memoryPair } from '../../../src/testing/index.ts'
import { Relay } from '../../soak/relay.ts'

/** A relay, and the peer's ends of the connections that it has dialled. */
async function relayed(dial?: () => Duplex): Promise<{ relay: Relay; peers: Duplex[]; client: () => Promise<Socket> }> {
  const folder = await mkdtemp(join(tmpdir(), 'vcpu-'))
  const peers: Duplex[] = []
  const dialPeer = (): Duplex => {
    const [near, far] = memoryPair()
    peers.push(far)
    return near
  }
  const relay = await Relay.listen(join(folder, 'relay.sock'), dial ?? dialPeer)
  onTestFinished(async () => {
    await relay.close()
    await rm(folder, { recursive: true })
  })
  const client = async (): Promise<Socket> => {
    const socket = connect(relay.path)
    await once(socket, 'connect')
    return socket
  }
  return { relay, peers, client }
}

/** Resolves when it has closed, in whatever way. */
function closed(duplex: Duplex): Promise<void> {
  duplex.on('error', () => undefined)
  return new Promise((resolve) => {
    duplex.once('close', resolve)
  })
}

/** A peer that answers each piece with itself. */
function echo(peer: Duplex | undefined): void {
  peer?.on('data', (bytes: Uint8Array) => peer.write(bytes))
}

test('carries bytes both ways, for several clients', async () => {
  const { peers, client } = await relayed()
  for (const word of ['one', 'two']) {
    const socket = await client()
    socket.write(word)
    while (peers.length === 0) await new Promise((resolve) => setImmediate(resolve))
    echo(peers.pop())
    expect(String((await once(socket, 'data'))[0])).toBe(word)
  }
})

test('a cut ends both sides, and the next client is served', async () => {
  const { relay, peers, client } = await relayed()
  const socket = await client()
  socket.write('hello')
  while (peers.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const ended = closed(socket)
  const gone = closed(peers[0] ?? socket)
  peers[0]?.resume()
  relay.cut()
  await Promise.all([ended, gone])
  const next = await client()
  next.write('again')
  while (peers.length === 1) await new Promise((resolve) => setImmediate(resolve))
  echo(peers[1])
  expect(String((await once(next, 'data'))[0])).toBe('again')
})

test('a peer that leaves takes its client along', async () => {
  const { peers, client } = await relayed()
  const socket = await client()
  socket.resume()
  while (peers.length === 0) await new Promise((resolve) => setImmediate(resolve))
  const ended = closed(socket)
  peers[0]?.destroy()
  await ended
  expect(socket.destroyed).toBe(true)
})

test('a peer that cannot be reached is a connection that ends', async () => {
  const { client } = await relayed(() => {
    throw new Error('no QEMU is running')
  })
  const socket = await client()
  socket.resume()
  await closed(socket)
  expect(socket.bytesRead).toBe(0)
})
