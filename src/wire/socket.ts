import type { connect, NetConnectOpts, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { InputError } from '../errors/input-error.ts'
import { ConnectionError } from '../errors/peer-errors.ts'
import { shownError } from '../errors/shown-error.ts'
import { onAbort } from './abort.ts'
import { timeoutOf, type CallOptions } from './call-options.ts'
import { systemClock, type Clock } from './clock.ts'
import { connectFailure } from './connect-failure.ts'
import { DIAL_TIMEOUT_MS, TCP_KEEP_ALIVE_MS } from './defaults.ts'
import { dialRate } from './dial-rate.ts'
import { portToDialFrom, watchReach, type TcpAddress } from './half-open.ts'
import { sharedReads } from './shared-reads.ts'

export type { TcpAddress }

/** Where a monitor or an agent listens: the path of a UNIX socket, or a TCP host and port. */
export type SocketAddress = string | TcpAddress

/** Longest path that Linux takes in `sockaddr_un`, in bytes, without its NUL. */
const MAX_UNIX_PATH_BYTES = 107

/** Is it an address to dial (and not a stream that is connected already)? */
export function isSocketAddress(target: SocketAddress | Duplex): target is SocketAddress {
  return typeof target === 'string' || !('pipe' in target)
}

/** The address in words: the path, or `host:port`. */
export function describeAddress(address: SocketAddress): string {
  return typeof address === 'string' ? address : `${address.host}:${address.port}`
}

/** How to dial. */
export interface DialOptions extends CallOptions {
  readonly clock?: Clock | undefined
  /** It reads into the buffer that all such sockets share: only `readFrom` sees what comes, no `data` event. */
  readonly sharesReads?: boolean | undefined
}

/**
 * Connect to a UNIX or TCP socket. TCP's keep-alive ends a connection whose peer has vanished while nothing was said; the next
 * one to the same `address` object then comes from the same port (half-open).
 *
 * @throws {@link InputError} `ERR_ADDRESS` for an address that no socket can have
 * @throws {@link ConnectionError} `ERR_CONNECT` when nothing listens there, it may not be opened, or time runs out
 */
export async function dial(address: SocketAddress, options: DialOptions = {}): Promise<Socket> {
  checkAddress(address)
  const timeoutMs = timeoutOf(options, DIAL_TIMEOUT_MS)
  const { signal, clock = systemClock } = options
  const where = describeAddress(address)
  // Here and not above: a caller with a stream or an executor of its own does not load it.
  const net = await import('node:net')
  await dialRate.turn()
  signal?.throwIfAborted()
  const socket = open(net.connect, address, options.sharesReads === true)
  return new Promise<Socket>((resolve, reject) => {
    const settle = (failure?: { readonly reason: unknown }): void => {
      timer.cancel()
      unwatch()
      socket.off('connect', onConnect)
      if (failure === undefined) {
        socket.off('error', onError)
        resolve(socket)
        return
      }
      // Its 'error' listener stays, so that what the dying socket still has to say is not uncaught.
      socket.destroy()
      reject(failure.reason)
    }
    const onConnect = (): void => {
      settle()
    }
    const onError = (cause: NodeJS.ErrnoException): void => {
      settle({
        reason: new ConnectionError('ERR_CONNECT', `cannot connect to ${where}: ${connectFailure(cause)}`, {
          cause: shownError(cause),
        }),
      })
    }
    const timer = clock.after(timeoutMs, () => {
      settle({
        reason: new ConnectionError('ERR_CONNECT', `cannot connect to ${where}: no answer within ${timeoutMs} ms`),
      })
    })
    const unwatch = onAbort(signal, (reason) => {
      settle({ reason })
    })
    socket.once('connect', onConnect)
    socket.on('error', onError)
  })
}

function open(dialSocket: typeof connect, address: SocketAddress, sharesReads: boolean): Socket {
  const reads = sharesReads ? sharedReads() : undefined
  const socket = dialSocket({ ...optionsFor(address), ...(reads && { onread: reads.onread }) })
  reads?.register(socket)
  if (typeof address === 'object') watchReach(socket, address)
  return socket
}

function optionsFor(address: SocketAddress): NetConnectOpts {
  if (typeof address === 'string') return { path: address }
  const { host, port } = address
  const localPort = portToDialFrom(address)
  return {
    ...{ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE_MS },
    ...(localPort === undefined ? {} : { localPort }),
  }
}

/**
 * Check that a socket can have that address.
 *
 * @throws {@link InputError} `ERR_ADDRESS` for one that none can have
 */
export function checkAddress(address: SocketAddress, minPort = 1): void {
  if (typeof address === 'string') {
    const bytes = Buffer.byteLength(address)
    if (bytes >= 1 && bytes <= MAX_UNIX_PATH_BYTES && !address.includes('\0')) return
    throw new InputError(
      'ERR_ADDRESS',
      `the socket path ${JSON.stringify(address.slice(0, 200))} has ${bytes} bytes, expected 1 to ${MAX_UNIX_PATH_BYTES} without NUL`,
    )
  }
  const { host, port } = address
  if (typeof host === 'string' && host !== '' && Number.isInteger(port) && port >= minPort && port <= 65_535) return
  throw new InputError(
    'ERR_ADDRESS',
    `${host}:${port} is not a TCP address, expected a host and a port from ${minPort} to 65535`,
  )
}
