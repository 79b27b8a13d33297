import { InputError } from '../errors/input-error.ts'
import { quote } from '../errors/quote.ts'
import type { MessageCaps } from './message-cost.ts'
import { COUNTED_FROM_BYTES, WIRE_LIMITS, type LimitRow, type Peer, type WireLimits } from './limits.ts'

/** The limits of one connection, each of them in its range. */
export interface CheckedLimits extends WireLimits, MessageCaps {
  /** Messages of fewer bytes are not counted. */
  readonly countedFromBytes: number
}

type GivenLimits = { -readonly [K in keyof WireLimits]?: number }

/** The caps that are counted while a message is scanned. */
const COUNTED = ['depth', 'elements', 'shapes', 'stringBytes'] as const
const NAMES = Object.keys(WIRE_LIMITS) as (keyof WireLimits)[]
const ROWS: Readonly<Record<keyof WireLimits, LimitRow>> = WIRE_LIMITS

/** Of every connection whose user gives none. */
const defaults: Partial<Record<Peer, CheckedLimits>> = {}

/**
 * The limits for a connection: those given, and the defaults.
 *
 * @param given - of a caller; a member that is `undefined` is as good as none
 * @param name - what the caller calls them, such as `limits.qga`
 * @param maxMessageBytes - the older spelling of `messageBytes`
 * @throws {@link InputError} `ERR_LIMIT` naming the limit and its range
 */
export function checkLimits(peer: Peer, given: unknown, name = 'limits', maxMessageBytes?: unknown): CheckedLimits {
  if (given === undefined && maxMessageBytes === undefined) return (defaults[peer] ??= Object.freeze(defaultsOf(peer)))
  const own = givenLimits(peer, given, name)
  if (maxMessageBytes !== undefined) {
    own.messageBytes ??= checkLimit('maxMessageBytes', maxMessageBytes, WIRE_LIMITS.messageBytes)
  }
  if (own.messageBytes !== undefined) own.junkBytes ??= 2 * own.messageBytes
  const limits = { ...defaultsOf(peer), ...own }
  // A caller that gives a cap wants it kept, in small messages too.
  const isAsked = COUNTED.some((key) => own[key] !== undefined)
  return isAsked ? { ...limits, countedFromBytes: 0 } : limits
}

/**
 * The limits of the connections to both peers of a VM, as `Domain.connect` takes them, among its own.
 *
 * @throws {@link InputError} `ERR_LIMIT` naming the limit and its range
 */
export function checkBothLimits(given: unknown): Readonly<Record<Peer, CheckedLimits>> {
  const { qmp, qga } = recordOf('limits', given)
  return { qmp: checkLimits('qmp', qmp, 'limits.qmp'), qga: checkLimits('qga', qga, 'limits.qga') }
}

/**
 * One number of a caller's, within its range.
 *
 * @throws {@link InputError} `ERR_LIMIT` naming the input and the range
 */
export function checkLimit(name: string, value: unknown, { min, max }: Pick<LimitRow, 'min' | 'max'>): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max) return value
  throw new InputError('ERR_LIMIT', `${name} is ${quote(value)}, expected an integer from ${min} to ${max}`)
}

function givenLimits(peer: Peer, given: unknown, name: string): GivenLimits {
  const own: GivenLimits = {}
  for (const [key, value] of Object.entries(recordOf(name, given))) {
    if (value === undefined) continue
    const known = NAMES.find((each) => each === key)
    if (known === undefined || ROWS[known][peer] === undefined) {
      const names = NAMES.filter((each) => ROWS[each][peer] !== undefined)
      throw new InputError('ERR_LIMIT', `${name} has no limit ${quote(key)}, expected one of ${names.join(', ')}`)
    }
    own[known] = checkLimit(`${name}.${known}`, value, ROWS[known])
  }
  return own
}

function recordOf(name: string, given: unknown): Readonly<Record<string, unknown>> {
  if (given === undefined) return {}
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return { ...given }
  throw new InputError('ERR_LIMIT', `${name} is ${quote(given)}, expected an object`)
}

function defaultsOf(peer: Peer): CheckedLimits {
  const [first, ...others] = NAMES.map((name) => ({ [name]: ROWS[name][peer] ?? ROWS[name].max }))
  const limits = Object.assign({ ...first }, ...others) as WireLimits
  return { ...limits, countedFromBytes: COUNTED_FROM_BYTES[peer] }
}
