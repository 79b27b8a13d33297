import type { Duplex } from 'node:stream'
import { InputError } from '../errors/input-error.ts'
import { ConnectionError } from '../errors/peer-errors.ts'
import { foreignText, foreignValue } from '../errors/quote.ts'
import { bounded } from './bounded.ts'
import type { Deadline } from './deadline.ts'
import { describeAddress, dial, isSocketAddress, type SocketAddress } from './socket.ts'

/** Makes a connection of the caller's own; called again whenever a new one is needed. */
export type Dialer = () => Duplex | Promise<Duplex>

/** Where a connection leads: an address, a stream that is connected already, or a function that dials one. */
export type Target = SocketAddress | Duplex | Dialer

const FORMS =
  'a socket path, unix:PATH, tcp:HOST:PORT, { host, port }, a connected Duplex, a function that dials one, or an executor'

/** The error for what is no endpoint. */
export function badEndpoint(given: unknown): InputError {
  return new InputError('ERR_ADDRESS', `invalid endpoint ${foreignValue(given)}, expected ${FORMS}`)
}

/**
 * Understand `unix:PATH`, `tcp:HOST:PORT` and `telnet:HOST:PORT` as QEMU's command line has them; its options behind the
 * first comma are QEMU's own business. Everything else stays what it is.
 *
 * @throws {@link InputError} `ERR_ADDRESS` for what is not an endpoint
 */
export function parseTarget(given: Target): Target {
  const value: unknown = given
  if (typeof value === 'string') return parseText(value)
  if (typeof value === 'function') return given
  if (typeof value === 'object' && value !== null && ('pipe' in value || 'port' in value)) return given
  throw badEndpoint(value)
}

/**
 * The path that a text leads to, where that is a UNIX socket.
 *
 * @throws {@link InputError} `ERR_ADDRESS` for what is not an endpoint
 */
export function socketPathOf(text: string): string | undefined {
  const parsed = parseText(text)
  return typeof parsed === 'string' ? parsed : undefined
}

/**
 * An address, where it is written as on QEMU's command line too.
 *
 * @throws {@link InputError} `ERR_ADDRESS` for what is not an endpoint
 */
export function parseSocketAddress(given: SocketAddress): SocketAddress {
  return typeof given === 'string' ? parseText(given) : given
}

function parseText(text: string): SocketAddress {
  if (text.startsWith('unix:')) {
    // QEMU doubles a comma that belongs to the path.
    const path = (/^(?:[^,]|,,)*/.exec(text.slice(5))?.[0] ?? '').replaceAll(',,', ',')
    if (path === '') throw badEndpoint(text)
    return path
  }
  if (/^(?:tcp|telnet):/.test(text)) {
    const { host = '', port = '' } =
      /^(?:tcp|telnet):(?<host>\[[^\],]*\]|[^:,]*):(?<port>\d+)(?:,|$)/.exec(text)?.groups ?? {}
    const number = Number(port)
    if (number < 1 || number > 65_535) throw badEndpoint(text)
    // QEMU listens on every address where it has no host.
    return { host: host === '' ? 'localhost' : host.replace(/^\[|\]$/g, ''), port: number }
  }
  return text
}

/** Is it a stream that is connected already, and so can be used once only? */
export function isConnected(target: Target): target is Duplex {
  return typeof target !== 'function' && !isSocketAddress(target)
}

/**
 * Open what the target leads to, within the deadline and in `dialMs` milliseconds.
 *
 * @returns the connection, where it leads in words, and the path where that is a UNIX socket
 * @throws {@link InputError} `ERR_ADDRESS` for what is not an endpoint
 * @throws {@link ConnectionError} `ERR_CONNECT` when it cannot be opened in time
 */
export async function openTarget(
  target: Target,
  deadline: Deadline,
  dialMs = Infinity,
): Promise<{ readonly where: string; readonly path?: string; readonly duplex: Duplex }> {
  const parsed = parseTarget(target)
  deadline.signal?.throwIfAborted()
  const bounds = deadline.options()
  const timeoutMs = Math.min(bounds.timeoutMs, dialMs)
  if (typeof parsed === 'function') {
    return { where: 'the endpoint given', duplex: await callDialer(parsed, deadline, timeoutMs) }
  }
  if (!isSocketAddress(parsed)) return { where: 'the Duplex given', duplex: parsed }
  const { clock } = deadline
  const duplex = await dial(parsed, { ...bounds, timeoutMs, clock, sharesReads: true })
  return { where: describeAddress(parsed), duplex, ...(typeof parsed === 'string' ? { path: parsed } : {}) }
}

async function callDialer(dialer: Dialer, deadline: Deadline, timeoutMs: number): Promise<Duplex> {
  const dialling = new Promise<Duplex>((resolve) => {
    resolve(dialer())
  })
  const failed = dialling.catch((cause: unknown): never => {
    const why = foreignText(cause instanceof Error ? cause.message : String(cause))
    throw new ConnectionError('ERR_CONNECT', `cannot connect: the function given failed: ${why}`, { cause })
  })
  try {
    const duplex: unknown = await bounded(failed, {
      signal: deadline.signal,
      timeoutMs,
      clock: deadline.clock,
      onTimeout: () =>
        new ConnectionError(
          'ERR_CONNECT',
          `cannot connect: the function given made no connection within ${Math.min(deadline.timeoutMs, timeoutMs)} ms`,
        ),
    })
    if (!isStream(duplex)) throw badEndpoint(duplex)
    return duplex
  } catch (error) {
    // Whether it is there already or comes later: nothing else would ever close it.
    dialling.then(
      (duplex: unknown) => {
        if (isStream(duplex)) duplex.on('error', () => undefined).destroy()
      },
      () => undefined,
    )
    throw error
  }
}

function isStream(given: unknown): given is Duplex {
  return typeof given === 'object' && given !== null && 'pipe' in given
}
