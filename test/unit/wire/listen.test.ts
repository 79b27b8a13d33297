import { once } from 'node:events'
import { link, lstat, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listen } from '../../../src/wire/listen.ts'

let directory: string
let path: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'listen-'))
  path = join(directory, 's')
})

afterEach(() => rm(directory, { recursive: true }))

/** A listener there that keeps what connects. */
async function listening(at = path) {
  const sockets: Socket[] = []
  const listener = await listen(at, (socket) => sockets.push(socket.on('error', () => undefined)))
  return { listener, sockets }
}

/** A client of a path that reads all. */
async function client(at = path) {
  const socket = connect(at).on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

async function isThere(file: string) {
  return (await lstat(file).catch(() => undefined)) !== undefined
}

async function until(isSo: () => boolean) {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}

/** Leave a socket file behind, as a process that is killed does. */
async function leaveBehind() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const kept = join(directory, 'kept')
  // The server removes its own file by its name: the link of a file has another.
  await link(path, kept)
  await new Promise((resolve) => server.close(resolve))
  await link(kept, path)
  await rm(kept)
}

describe('at a path', () => {
  test('each connection is handed over, and the file goes when it ends', async () => {
    const { listener, sockets } = await listening()
    expect(listener.address).toBe(path)
    const one = await client()
    await until(() => sockets.length === 1)
    sockets[0]?.write('hello')
    expect(String((await once(one, 'data'))[0])).toBe('hello')
    await listener.close()
    expect(await isThere(path)).toBe(false)
  })

  test('on which something listens it is refused, and that goes on', async () => {
    const { listener, sockets } = await listening()
    await expect(listen(path, () => undefined)).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'ERR_CONNECT',
      message: `cannot listen at ${path}: something listens there already`,
      cause: { message: expect.stringContaining('EADDRINUSE') as unknown },
    })
    await client()
    await until(() => sockets.length === 2)
    await listener.drop()
  })

  test('a socket file that was left behind is replaced', async () => {
    await leaveBehind()
    expect(await isThere(path)).toBe(true)
    const { listener, sockets } = await listening()
    await client()
    await until(() => sockets.length === 1)
    await listener.drop()
  })

  test.each(['a file', 'a link to a socket'])('%s is not replaced', async (what) => {
    const other = join(directory, 'o')
    const { listener } = await listening(other)
    if (what === 'a file') await writeFile(path, 'precious')
    else await symlink(other, path)
    await expect(listen(path, () => undefined)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: `cannot listen at ${path}: there is a file that is not a socket`,
    })
    expect(await isThere(path)).toBe(true)
    await listener.close()
  })

  test('in a directory that is not there it is refused in the system’s words', async () => {
    const nowhere = join(directory, 'no', 's')
    await expect(listen(nowhere, () => undefined)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: expect.stringMatching(/^cannot listen at .*: listen E\w+/) as unknown,
    })
  })

  test.each([
    ['none', ''],
    ['too long', `/${'x'.repeat(107)}`],
  ])('that is %s is refused before anything is made', async (_, bad) => {
    await expect(listen(bad, () => undefined)).rejects.toMatchObject({ name: 'InputError', code: 'ERR_ADDRESS' })
  })
})

describe('on TCP', () => {
  test('port 0 takes a free one, which is said', async () => {
    await using listener = await listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    const { address } = listener
    if (typeof address === 'string') throw new Error('it is no path')
    expect(address.host).toBe('127.0.0.1')
    expect(address.port).toBeGreaterThan(0)
    const socket = connect(address)
    await once(socket, 'connect')
    socket.destroy()
    await expect(listen(address, () => undefined)).rejects.toMatchObject({
      code: 'ERR_CONNECT',
      message: `cannot listen at 127.0.0.1:${address.port}: something listens there already`,
    })
  })

  test('a port that cannot be is refused', async () => {
    await expect(listen({ host: '127.0.0.1', port: -1 }, () => undefined)).rejects.toMatchObject({
      code: 'ERR_ADDRESS',
      message: '127.0.0.1:-1 is not a TCP address, expected a host and a port from 0 to 65535',
    })
  })
})

describe('closing', () => {
  test('sends what was written, ends every connection, and then is done; again it does nothing', async () => {
    const { listener, sockets } = await listening()
    const one = await client()
    await until(() => sockets.length === 1)
    let heard = ''
    one.on('data', (bytes: Buffer) => (heard += bytes.toString()))
    sockets[0]?.write('last words')
    const closing = listener.close()
    expect(listener.close()).toBe(closing)
    expect(listener[Symbol.asyncDispose]()).toBe(closing)
    await closing
    await listener.closed
    if (!one.closed) await once(one, 'close')
    expect(heard).toBe('last words')
    expect(sockets[0]?.destroyed).toBe(true)
    await expect(once(connect(path), 'connect')).rejects.toThrow('ENOENT')
  })

  test('a client that does not read holds it up; dropping does not wait for that', async () => {
    const { listener, sockets } = await listening()
    const one = await client()
    one.pause()
    await until(() => sockets.length === 1)
    const [socket] = sockets
    if (socket === undefined) throw new Error('it is connected')
    while (socket.write(Buffer.alloc(65_536)));
    for (let more = 0; more < 64; more++) socket.write(Buffer.alloc(65_536))
    let isClosed = false
    void listener.closed.then(() => (isClosed = true))
    void listener.close()
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect([isClosed, socket.destroyed]).toEqual([false, false])
    await listener.drop()
    expect([isClosed, socket.destroyed]).toEqual([true, true])
    one.destroy()
  })

  test('a connection that has ended already is forgotten', async () => {
    const { listener, sockets } = await listening()
    const one = await client()
    await until(() => sockets.length === 1)
    one.destroy()
    await until(() => sockets[0]?.closed === true)
    await expect(listener.close()).resolves.toBeUndefined()
  })
})
