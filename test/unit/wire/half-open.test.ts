import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { dropUnreached, isUnreached, noteConnected, noteVanished, portToDialFrom } from '../../../src/wire/half-open.ts'
import { listen } from '../../../src/wire/listen.ts'
import { dial } from '../../../src/wire/socket.ts'

const ADDRESS = { host: '127.0.0.1', port: 4_444 }

/** A listener on loopback, and its address as an object of the test's own. */
async function open() {
  const listener = await listen({ host: '127.0.0.1', port: 0 }, (socket) => {
    socket.on('error', () => undefined)
  })
  onTestFinished(() => listener.close())
  if (typeof listener.address === 'string') throw new Error('not a TCP address')
  return { address: { ...listener.address } }
}

async function connected(address: { host: string; port: number }): Promise<Socket> {
  const socket = await dial(address)
  onTestFinished(() => {
    socket.destroy()
  })
  return socket
}

test.each(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN'])(
  'after %s a peer may hold on',
  (code) => {
    expect(isUnreached(Object.assign(new Error(), { code }))).toBe(true)
  },
)

test.each(['ECONNRESET', 'EPIPE', undefined])('after %s it does not', (code) => {
  expect(isUnreached(Object.assign(new Error(), { code }))).toBe(false)
})

test('an address is dialled from any port where nothing is half open', () => {
  expect(portToDialFrom({ ...ADDRESS })).toBeUndefined()
  const [stream, address] = [{}, { ...ADDRESS }]
  noteConnected(stream, address, 50_000)
  expect(portToDialFrom(address)).toBeUndefined()
  noteVanished({})
  expect(portToDialFrom(address)).toBeUndefined()
})

test('then from the port of the old connection, but for every third dial, until that is connected', () => {
  const [stream, address] = [{}, { ...ADDRESS }]
  noteConnected(stream, address, 50_000)
  noteVanished(stream)
  const ports = Array.from({ length: 6 }, () => portToDialFrom(address))
  expect(ports).toEqual([50_000, 50_000, undefined, 50_000, 50_000, undefined])
  noteConnected({}, address, 50_001)
  expect(portToDialFrom(address)).toBe(50_000)
  noteConnected({}, address, undefined)
  expect(portToDialFrom(address)).toBe(50_000)
  noteConnected({}, address, 50_000)
  expect(portToDialFrom(address)).toBeUndefined()
})

test('what is remembered of an address belongs to that object', () => {
  const [stream, address] = [{}, { ...ADDRESS }]
  noteConnected(stream, address, 50_000)
  noteVanished(stream)
  expect(portToDialFrom({ ...address })).toBeUndefined()
})

test('a connection that was dropped as unreached leaves its port free for the next', async () => {
  const { address } = await open()
  const first = await connected(address)
  const port = first.localPort
  dropUnreached(first)
  await once(first, 'close')
  const second = await connected(address)
  expect(second.localPort).toBe(port)
})

test('so does one that broke since its peer could not be reached', async () => {
  const { address } = await open()
  const first = (await connected(address)).on('error', () => undefined)
  first.emit('error', Object.assign(new Error('read ETIMEDOUT'), { code: 'ETIMEDOUT' }))
  expect(portToDialFrom(address)).toBe(first.localPort)
})

test('and one that the peer reset does not', async () => {
  const { address } = await open()
  const first = (await connected(address)).on('error', () => undefined)
  first.emit('error', Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  expect(portToDialFrom(address)).toBeUndefined()
})

test('the kernel looks after a TCP connection that says nothing', async () => {
  const { address } = await open()
  const { localPort = 0 } = await connected(address)
  const ours = `:${localPort.toString(16).toUpperCase().padStart(4, '0')}`
  const rows = (await readFile('/proc/net/tcp', 'latin1')).split('\n').map((line) => line.trim().split(/\s+/))
  const timer = rows.find(([, local]) => local?.endsWith(ours) === true)?.[5]
  // Its keep-alive timer runs (Linux, net/ipv4/tcp_ipv4.c).
  expect(timer).toMatch(/^02:/)
})
