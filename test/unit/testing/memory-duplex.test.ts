import fc from 'fast-check'
import type { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { memoryPair } from '../../../src/testing/index.ts'
import { settle } from '../wire/scripted-peer.ts'

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
  expect(await error).toMatchObject({ code: 'EPIPE' })
})
