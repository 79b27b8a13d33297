import { getEventListeners } from 'node:events'
import { mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { memoryPair } from '../../../src/testing/index.ts'
import type { Clock } from '../../../src/wire/clock.ts'
import { listen } from '../../../src/wire/listen.ts'
import { describeAddress, dial, isSocketAddress, type SocketAddress } from '../../../src/wire/socket.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'wire-'))
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(directory, { recursive: true })
})

const cannotConnect = (words: string) => ({
  name: 'ConnectionError',
  code: 'ERR_CONNECT',
  message: expect.stringContaining(words) as unknown,
})

describe('a UNIX socket', () => {
  test('carries bytes both ways', async () => {
    const path = join(directory, 's')
    await using listener = await listen(path, (socket) => {
      socket.end('greetings')
    })
    expect(listener.address).toBe(path)
    const socket = await dial(path)
    expect(socket.listenerCount('error')).toBe(0)
    expect(socket.listenerCount('connect')).toBe(0)
    expect(await text(socket)).toBe('greetings')
  })

  test('that is not there', async () => {
    await expect(dial(join(directory, 'none'))).rejects.toMatchObject(cannotConnect('there is no such socket'))
  })

  test('that is a plain file', async () => {
    await writeFile(join(directory, 'file'), '')
    await expect(dial(join(directory, 'file'))).rejects.toMatchObject(cannotConnect('cannot connect to'))
  })

  test('that a QEMU which died left behind', async () => {
    const path = join(directory, 's')
    const listener = await listen(path, () => undefined)
    await rename(path, join(directory, 'left'))
    await listener.close()
    await expect(dial(join(directory, 'left'))).rejects.toMatchObject({
      ...cannotConnect('nothing listens there'),
      cause: expect.objectContaining({ code: 'ECONNREFUSED' }) as unknown,
    })
  })

  test.each([
    ['too long', 'x'.repeat(108), '108 bytes'],
    ['too long in bytes', 'é'.repeat(54), '108 bytes'],
    ['empty', '', '0 bytes'],
    ['with NUL', 'a\0b', 'without NUL'],
  ])('whose path is %s', async (_, path, words) => {
    const refused = { name: 'InputError', code: 'ERR_ADDRESS', outcome: 'not-sent' }
    await expect(dial(path)).rejects.toMatchObject({ ...refused, message: expect.stringContaining(words) as unknown })
    await expect(listen(path, () => undefined)).rejects.toMatchObject(refused)
  })

  test('of the longest path is an address', async () => {
    await expect(dial(`/${'x'.repeat(106)}`)).rejects.toMatchObject({ code: 'ERR_CONNECT' })
  })

  test('that is listened on already', async () => {
    const path = join(directory, 's')
    await using first = await listen(path, () => undefined)
    await expect(listen(path, () => undefined)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringContaining(`cannot listen at ${describeAddress(first.address)}`) as unknown,
    })
  })

  test('is gone once it is closed, and so are its connections, what was written first', async () => {
    const path = join(directory, 's')
    const listener = await listen(path, (socket) => socket.write('before the end'))
    const socket = await dial(path)
    const heard = text(socket)
    // The kernel has the connection before this process has.
    await new Promise((resolve) => socket.once('readable', resolve))
    await Promise.all([listener.close(), listener.close()])
    expect(await heard).toBe('before the end')
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})

describe('a TCP socket', () => {
  test('on loopback, at any free port', async () => {
    await using listener = await listen({ host: '127.0.0.1', port: 0 }, (socket) => {
      socket.end('greetings')
    })
    expect(listener.address).toMatchObject({ host: '127.0.0.1', port: expect.any(Number) as unknown })
    expect(await text(await dial(listener.address))).toBe('greetings')
  })

  test('that nobody listens on', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    await listener.close()
    await expect(dial(listener.address)).rejects.toMatchObject(cannotConnect(describeAddress(listener.address)))
  })

  test.each([
    { host: '127.0.0.1', port: 0 },
    { host: '127.0.0.1', port: 65_536 },
    { host: '127.0.0.1', port: -1 },
    { host: '127.0.0.1', port: 80.5 },
    { host: '127.0.0.1', port: NaN },
    { host: '127.0.0.1', port: '80' as never },
    { host: '', port: 80 },
  ])('cannot be %j', async (address) => {
    await expect(dial(address)).rejects.toMatchObject({ name: 'InputError', code: 'ERR_ADDRESS' })
  })
})

describe('dialling ends', () => {
  const reason = { mine: true }
  const connections: unknown[] = []
  const somewhere = () => listen({ host: '127.0.0.1', port: 0 }, (socket) => connections.push(socket))

  test('before it begins when the signal is aborted', async () => {
    await using listener = await somewhere()
    connections.length = 0
    await expect(dial(listener.address, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
    expect(connections).toEqual([])
  })

  test('by an abort on the way, leaving no listener', async () => {
    await using listener = await somewhere()
    const controller = new AbortController()
    const dialling = dial(listener.address, { signal: controller.signal })
    controller.abort(reason)
    await expect(dialling).rejects.toBe(reason)
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
  })

  test('by its time-out', async () => {
    await using listener = await somewhere()
    const asked: number[] = []
    const clock: Clock = {
      now: () => 0,
      after: (ms, task) => {
        asked.push(ms)
        // Within the tick in which it is dialled: no connection can have come up.
        queueMicrotask(task)
        return { cancel: () => undefined, unref: () => undefined }
      },
    }
    const dialling = dial(listener.address, { timeoutMs: 30, clock })
    await expect(dialling).rejects.toMatchObject(cannotConnect('no answer within 30 ms'))
    expect(asked).toEqual([30])
  })

  test('and keeps no timer of one that came up', async () => {
    await using listener = await somewhere()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { signal } = new AbortController()
    const socket = await dial(listener.address, { signal })
    expect(vi.getTimerCount()).toBe(0)
    expect(getEventListeners(signal, 'abort')).toHaveLength(0)
    socket.destroy()
  })

  test('at once for a time-out that no timer can hold', async () => {
    await expect(dial('/x', { timeoutMs: 0 })).rejects.toMatchObject({ code: 'ERR_TIMEOUT_RANGE' })
  })
})

test('an address is told from a stream, and put into words', () => {
  const addresses: SocketAddress[] = ['/run/qmp.sock', { host: 'localhost', port: 4444 }]
  expect(addresses.map(isSocketAddress)).toEqual([true, true])
  expect(addresses.map(describeAddress)).toEqual(['/run/qmp.sock', 'localhost:4444'])
  expect(isSocketAddress(memoryPair()[0])).toBe(false)
})
