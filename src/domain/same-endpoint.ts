import { resolve } from 'node:path'
import { InputError } from '../errors/input-error.ts'
import { foreignText } from '../errors/quote.ts'
import type { QgaExecutor } from '../qga/executor.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import type { Endpoint } from '../wire/endpoint.ts'
import { parseTarget } from '../wire/target.ts'
import type { DomainOptions } from './domain-options.ts'

type AnyEndpoint = Endpoint<QmpExecutor | QgaExecutor>

/** A path, made absolute, or a port of a host. */
type Place = { readonly path: string } | { readonly host: string; readonly port: number }

/** Names of this host that a name server need not be asked about. */
const LOOPBACKS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * The monitor and the agent are two peers on two channels: given one for both, the monitor would answer the agent's commands,
 * or the channel, which takes one client at a time, would stay silent.
 *
 * @throws {@link InputError} `ERR_SAME_ADDRESS` when both endpoints certainly lead to the same place; `ERR_ADDRESS` for one that
 * cannot be
 */
export function requireTwoEndpoints({ qmp, qga }: Pick<DomainOptions, 'qmp' | 'qga'>): void {
  if (qmp === undefined || qga === undefined || !isSame(qmp, qga)) return
  const [one, other] = [qmp, qga].map(wordsFor)
  throw new InputError(
    'ERR_SAME_ADDRESS',
    `qmp (${String(one)}) and qga (${String(other)}) are the same: QEMU's monitor and the guest agent have a socket each`,
  )
}

function isSame(qmp: AnyEndpoint, qga: AnyEndpoint): boolean {
  const [one, other] = [placeOf(qmp), placeOf(qga)]
  // An executor of the caller's own may serve both.
  if (one === undefined || other === undefined) return qmp === qga && isDialled(qmp)
  if ('path' in one) return 'path' in other && one.path === other.path
  return 'port' in other && one.port === other.port && isSameHost(one.host, other.host)
}

/** `localhost` may be either loopback address; those two are not each other. */
function isSameHost(one: string, other: string): boolean {
  if (one === other) return true
  return [one, other].includes('localhost') && LOOPBACKS.has(one) && LOOPBACKS.has(other)
}

/** `undefined` for what is not an address. */
function placeOf(endpoint: AnyEndpoint): Place | undefined {
  const target = typeof endpoint === 'string' || isPort(endpoint) ? parseTarget(endpoint) : undefined
  if (typeof target === 'string') return { path: target.startsWith('\0') ? target : resolve(target) }
  if (!isPort(target)) return undefined
  return { host: target.host.toLowerCase().replace(/^\[|\]$/g, ''), port: target.port }
}

/** What is not an endpoint at all is refused where it is dialled. */
function isPort(endpoint: unknown): endpoint is { readonly host: string; readonly port: number } {
  return (
    typeof endpoint === 'object' &&
    endpoint !== null &&
    'port' in endpoint &&
    typeof endpoint.port === 'number' &&
    'host' in endpoint &&
    typeof endpoint.host === 'string'
  )
}

function isDialled(endpoint: AnyEndpoint): boolean {
  return typeof endpoint === 'function' || 'pipe' in Object(endpoint)
}

function wordsFor(endpoint: AnyEndpoint): string {
  if (typeof endpoint === 'string') return foreignText(endpoint)
  if (typeof endpoint === 'function') return 'a function'
  return isPort(endpoint) ? foreignText(`${endpoint.host}:${endpoint.port}`) : 'a Duplex'
}
