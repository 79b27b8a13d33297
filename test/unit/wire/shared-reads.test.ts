import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { listen } from '../../../src/wire/listen.ts'
import { readFrom, sharedReads } from '../../../src/wire/shared-reads.ts'
import { dial } from '../../../src/wire/socket.ts'

/** A socket that shares the buffer, and what reads into it. */
function sharing() {
  const { onread, register } = sharedReads()
  const socket = new Socket()
  register(socket)
  const { buffer } = onread
  if (!(buffer instanceof Uint8Array)) throw new Error('it has a buffer')
  /** What Node does when something has come. */
  const arrive = (text: string) => {
    buffer.set(Buffer.from(text))
    return onread.callback(text.length, buffer)
  }
  return { socket, buffer, arrive }
}

test('all sockets read into one buffer of 64 KiB', () => {
  const [one, other] = [sharing(), sharing()]
  expect(one.buffer).toHaveLength(65_536)
  expect(other.buffer).toBe(one.buffer)
})

test('a reader takes each piece out of it, and has to copy what it keeps', () => {
  const { socket, buffer, arrive } = sharing()
  const heard: string[] = []
  const isLent = readFrom(socket, (piece) => {
    expect(piece.buffer).toBe(buffer.buffer)
    heard.push(Buffer.from(piece).toString())
  })
  expect(isLent).toBe(true)
  // `false` would stop the socket.
  expect(arrive('one')).toBe(true)
  expect(arrive('to')).toBe(true)
  expect(heard).toEqual(['one', 'to'])
})

test('what came before there was a reader is kept for it, and given once', () => {
  const [early, other] = [sharing(), sharing()]
  expect(early.arrive('greeting')).toBe(true)
  other.arrive('something else')
  early.arrive('and more')
  const heard: string[] = []
  readFrom(early.socket, (piece) => heard.push(Buffer.from(piece).toString()))
  expect(heard).toEqual(['greeting', 'and more'])
  early.arrive('now')
  readFrom(early.socket, (piece) => heard.push(`second: ${Buffer.from(piece).toString()}`))
  early.arrive('then')
  expect(heard).toEqual(['greeting', 'and more', 'now', 'second: then'])
})

test('any other stream is read by its events, and what it gives is the reader’s', () => {
  const stream = new PassThrough()
  const heard: Uint8Array[] = []
  expect(readFrom(stream, (piece) => heard.push(piece))).toBe(false)
  const piece = Buffer.from('x')
  stream.emit('data', piece)
  expect(heard).toEqual([piece])
})

test('a socket that is dialled to share it has no data events; another one has', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'wire-'))
  const path = join(directory, 's')
  const listener = await listen(path, (socket) => void socket.end('hello'))
  const shared = await dial(path, { sharesReads: true })
  let heard = ''
  expect(readFrom(shared, (piece) => (heard += Buffer.from(piece).toString()))).toBe(true)
  shared.on('data', () => (heard += 'an event'))
  await once(shared, 'close')
  expect(heard).toBe('hello')
  const plain = await dial(path)
  expect(readFrom(plain, (piece) => (heard += Buffer.from(piece).toString()))).toBe(false)
  await once(plain, 'close')
  expect(heard).toBe('hellohello')
  await listener.close()
  await rm(directory, { recursive: true })
})
