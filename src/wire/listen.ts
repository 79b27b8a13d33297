import type { Server, Socket } from 'node:net'
import { ConnectionError } from '../errors/peer-errors.ts'
import { shownError } from '../errors/shown-error.ts'
import { checkAddress, describeAddress, type SocketAddress } from './socket.ts'

/** A socket that is listened on. */
export interface SocketListener extends AsyncDisposable {
  /** Where; for TCP with the port that was given. */
  readonly address: SocketAddress
  /** Resolves when it listens no more and every connection has ended, whichever side closed it. */
  readonly closed: Promise<void>
  /** End every connection, after what was written, and listen no more. Closing again does nothing. */
  close(): Promise<void>
  /** The same at once: what a client has not read is lost, so that one that does not read holds up nothing. */
  drop(): Promise<void>
}

/**
 * Listen on a UNIX or TCP socket; port 0 takes any free one. A socket file on which nothing listens was left behind, and is
 * replaced, as QEMU does.
 *
 * @param onConnection - gets each connection, which is then its own to read and to end
 * @throws {@link InputError} `ERR_ADDRESS` for an address that no socket can have
 * @throws {@link ConnectionError} `ERR_CONNECT` when the address is taken or may not be used
 */
export async function listen(address: SocketAddress, onConnection: (socket: Socket) => void): Promise<SocketListener> {
  checkAddress(address, 0)
  const sockets = new Set<Socket>()
  const { createServer } = await import('node:net')
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    onConnection(socket)
  })
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  await bind(server, address)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => {
    closing ??= new Promise((resolve) => {
      server.close(() => {
        resolve()
      })
      for (const socket of sockets) socket.destroySoon()
    })
    return closing
  }
  const drop = (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    return close()
  }
  return { address: boundAddress(server, address), closed, close, drop, [Symbol.asyncDispose]: close }
}

async function bind(server: Server, address: SocketAddress): Promise<void> {
  const taken = await tryToBind(server, address)
  if (taken === undefined) return
  const use = typeof address === 'string' ? await useOf(address) : 'listener'
  const failure = use === 'left-over' && typeof address === 'string' ? await replace(server, address) : taken
  if (failure === undefined) return
  throw new ConnectionError(
    'ERR_CONNECT',
    `cannot listen at ${describeAddress(address)}: ${bindFailure(failure, use)}`,
    {
      cause: shownError(failure),
    },
  )
}

/** @returns why it cannot be bound */
function tryToBind(server: Server, address: SocketAddress): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const settle = (failure?: NodeJS.ErrnoException): void => {
      server.off('error', settle).off('listening', settle)
      resolve(failure)
    }
    server.once('error', settle).once('listening', settle)
    server.listen(typeof address === 'string' ? { path: address } : { ...address })
  })
}

async function replace(server: Server, path: string): Promise<NodeJS.ErrnoException | undefined> {
  const { rm } = await import('node:fs/promises')
  await rm(path, { force: true })
  return tryToBind(server, path)
}

/** What is at a path that cannot be bound. */
type PathUse = 'listener' | 'left-over' | 'file'

async function useOf(path: string): Promise<PathUse> {
  const { lstat } = await import('node:fs/promises')
  const found = await lstat(path).catch(() => undefined)
  if (found?.isSocket() !== true) return 'file'
  const { connect: dialSocket } = await import('node:net')
  return new Promise((resolve) => {
    const probe = dialSocket({ path })
    probe.once('connect', () => {
      probe.destroy()
      resolve('listener')
    })
    probe.once('error', ({ code }: NodeJS.ErrnoException) => {
      resolve(code === 'ECONNREFUSED' ? 'left-over' : 'listener')
    })
  })
}

function bindFailure({ code, message }: NodeJS.ErrnoException, use: PathUse): string {
  if (code !== 'EADDRINUSE') return message
  return use === 'file' ? 'there is a file that is not a socket' : 'something listens there already'
}

function boundAddress(server: Server, asked: SocketAddress): SocketAddress {
  const bound = server.address()
  return typeof asked === 'string' || bound === null || typeof bound === 'string'
    ? asked
    : { host: asked.host, port: bound.port }
}
