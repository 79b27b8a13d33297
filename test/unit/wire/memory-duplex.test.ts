import fc from 'fast-check'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { memoryPair } from '../../../src/wire/memory-duplex.ts'
import { settle } from './scripted-peer.ts'

async function readAll(duplex: Duplex) {
  const pieces: Uint8Array[] = []
  for await (const piece of duplex) pieces.push(piece as Uint8Array)
  return Buffer.concat(pieces)
}

test('what is written to one end is read from the other, in both directions', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array()), fc.array(fc.uint8Array()), async (there, back) => {
      const [one, other] = memoryPair()
      const read = Promise.all([readAll(one), readAll(other)])
      for (const piece of there) one.write(piece)
      for (const piece of back) other.write(piece)
      one.end()
      other.end()
      expect(await read).toEqual([Buffer.concat(back), Buffer.concat(there)])
    }),
    { numRuns: 30 },
  )
})

test('nothing arrives within the write itself, and the bytes are the writer’s again', async () => {
  const [one, other] = memoryPair()
  const heard: string[] = []
  other.on('data', (bytes: Buffer) => heard.push(bytes.toString()))
  await settle()
  const bytes = Buffer.from('abc')
  one.write(bytes)
  bytes.fill('x')
  expect(heard).toEqual([])
  await settle()
  expect(heard).toEqual(['abc'])
})

test('a reader that stops reading stops the writer', async () => {
  const [one, other] = memoryPair()
  const piece = Buffer.alloc(16_384)
  let written = 0
  while (one.write(piece) && written < 100) written++
  expect(written).toBeLessThan(100)
  await settle()
  expect(other.readableLength).toBeLessThan(200_000)
  expect(one.writableNeedDrain).toBe(true)
  const drained = new Promise((resolve) => one.once('drain', resolve))
  other.resume()
  await drained
})

test('when one end is destroyed the other reads what was sent, then the end, and closes', async () => {
  const [one, other] = memoryPair()
  const closed = new Promise((resolve) => other.once('close', resolve))
  const read = readAll(other)
  one.write('last words')
  await settle()
  one.destroy()
  expect((await read).toString()).toBe('last words')
  await closed
  expect(other.destroyed).toBe(true)
})

test('writing to one who left fails like a socket', async () => {
  const [one, other] = memoryPair()
  one.destroy()
  await settle()
  const error = new Promise((resolve) => other.once('error', resolve))
  other.write('x')
  expect(await error).toMatchObject({ message: 'write EPIPE', code: 'EPIPE' })
  expect(other.destroyed).toBe(true)
})

test('a write is done when it is read', async () => {
  const [near, far] = memoryPair()
  const done: number[] = []
  const size = far.readableHighWaterMark
  near.write(Buffer.alloc(size), () => done.push(1))
  near.write(Buffer.alloc(1), () => done.push(2))
  await settle()
  expect(done).toEqual([])
  far.resume()
  await settle()
  expect(done).toEqual([1, 2])
})

test('a write that is never read is done when the reader goes', async () => {
  const [near, far] = memoryPair()
  near.on('error', () => undefined)
  let isDone = false
  near.write(Buffer.alloc(far.readableHighWaterMark), () => (isDone = true))
  await settle()
  expect(isDone).toBe(false)
  far.destroy()
  await settle()
  expect(isDone).toBe(true)
})

test('the end of one is read by the other behind what was sent before, and ends that one too', async () => {
  const [near, far] = memoryPair()
  near.end('last words')
  let heard = ''
  far.on('data', (bytes: Buffer) => (heard += bytes.toString()))
  await once(far, 'close')
  expect([heard, far.readableEnded, far.writableEnded]).toEqual(['last words', true, true])
})

test('one that is destroyed with an error has it; the other only ends', async () => {
  const [near, far] = memoryPair()
  const bug = new Error('bug')
  const errors: unknown[] = []
  near.on('error', (error) => errors.push(error))
  far.on('error', (error) => errors.push(error))
  far.resume()
  near.destroy(bug)
  await once(far, 'close')
  expect(errors).toEqual([bug])
})

test('an end between a write and its arrival loses it, and the write is done', async () => {
  const [near, far] = memoryPair()
  const errors: unknown[] = []
  for (const end of [near, far]) end.on('error', (error) => errors.push(error))
  let isDone = false
  near.write('lost', () => (isDone = true))
  far.destroy()
  await settle()
  expect([isDone, errors]).toEqual([true, []])
})

test('both may be destroyed at once', async () => {
  const [near, far] = memoryPair()
  const errors: unknown[] = []
  for (const end of [near, far]) end.on('error', (error) => errors.push(error))
  near.destroy()
  far.destroy()
  await settle()
  expect([near.destroyed, far.destroyed, errors]).toEqual([true, true, []])
})
