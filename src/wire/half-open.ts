// A peer whose host or network failed does not know that the connection was given up here. When it is reachable again its end
// is still open, and a QEMU, which serves one client at a time, lets every new connection wait for good. A connection that comes
// from the same port as the old one ends that (RFC 9293, section 3.5.1: half-open connections): QEMU's kernel answers with the
// old connection's numbers, ours resets it, and connects.

import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** A TCP address, as an object of its own: what is remembered belongs to this very object. */
export interface TcpAddress {
  readonly host: string
  readonly port: number
}

/** Codes of a connection that the kernel gave up because its peer acknowledged nothing, or could not be reached. */
const UNREACHED = new Set<unknown>(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN'])

/** Which dial takes any port. */
const ANY_PORT_EACH = 3

/** A connection that was dialled. */
interface Origin {
  readonly address: TcpAddress
  readonly localPort: number
}

const origins = new WeakMap<object, Origin>()
const halfOpen = new WeakMap<TcpAddress, { readonly localPort: number; dials: number }>()

/** Is this how a connection ends whose peer may still hold it open? */
export function isUnreached({ code }: NodeJS.ErrnoException): boolean {
  return UNREACHED.has(code)
}

/** `stream` leads to `address`, from this port. What was half open there from the same port is over. */
export function noteConnected(stream: object, address: TcpAddress, localPort: number | undefined): void {
  if (localPort === undefined) return
  origins.set(stream, { address, localPort })
  if (halfOpen.get(address)?.localPort === localPort) halfOpen.delete(address)
}

/** The peer of `stream` can no longer be reached, and may hold the connection open. */
export function noteVanished(stream: object): void {
  const origin = origins.get(stream)
  if (origin !== undefined) halfOpen.set(origin.address, { localPort: origin.localPort, dials: 0 })
}

/**
 * The local port to dial `address` from; `undefined` for any. Every third dial takes any: a firewall between may know the old
 * connection, and drop what does not fit it.
 */
export function portToDialFrom(address: TcpAddress): number | undefined {
  const former = halfOpen.get(address)
  if (former === undefined) return undefined
  former.dials++
  return former.dials % ANY_PORT_EACH === 0 ? undefined : former.localPort
}

/** Remember where a connection that is dialled leads, and how it ends. */
export function watchReach(socket: Socket, address: TcpAddress): void {
  socket.once('connect', () => {
    noteConnected(socket, address, socket.localPort)
    socket.on('error', (error) => {
      if (isUnreached(error)) noteVanished(socket)
    })
  })
}

/** End a connection whose peer cannot be reached so that another can be made from its port: this host keeps nothing of it. */
export function dropUnreached(stream: Duplex): void {
  noteVanished(stream)
  // What has not been handed to the kernel would hold the reset up.
  if (isPlainSocket(stream) && stream.writableLength === 0) stream.resetAndDestroy()
  else stream.destroy()
}

/** A `TLSSocket` of a dialer's has the method as well, and Node throws there (ERR_INVALID_HANDLE_TYPE). */
function isPlainSocket(stream: Duplex): stream is Socket {
  return 'resetAndDestroy' in stream && !('encrypted' in stream)
}
