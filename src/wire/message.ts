import { isAscii } from 'node:buffer'
import { ProtocolError } from '../errors/peer-errors.ts'
import { foreignText } from '../errors/quote.ts'
import { shownError } from '../errors/shown-error.ts'
import { excessOf, type MessageCaps } from './message-cost.ts'

/** One JSON object of a peer, unchecked beyond being one. */
export type WireMessage = Readonly<Record<string, unknown>>

const utf8 = new TextDecoder('utf-8', { fatal: true })
const lenient = new TextDecoder('latin1')

/** What a message may hold, and from how many bytes on that is counted. */
export interface MessageLimits extends MessageCaps {
  readonly countedFromBytes: number
}

/**
 * Decode one whole line into a JSON object. What is above the limits is refused before anything is made of it.
 *
 * @throws {@link ProtocolError} when it is not UTF-8, not JSON, or JSON of another kind; `ERR_MESSAGE_TOO_COMPLEX` when it
 *   is above the limits
 */
export function parseMessage(line: Uint8Array, limits?: MessageLimits): WireMessage {
  if (limits !== undefined) checkCost(line, limits)
  return decodeMessage(line)
}

/**
 * Is a whole line cheap enough to be decoded?
 *
 * @throws {@link ProtocolError} `ERR_MESSAGE_TOO_COMPLEX` when it is above the limits
 */
export function checkCost(line: Uint8Array, limits: MessageLimits): void {
  if (line.length < limits.countedFromBytes) return
  const excess = excessOf(line, limits)
  if (excess !== undefined) throw new ProtocolError(`a message has ${excess}`, {}, 'ERR_MESSAGE_TOO_COMPLEX')
}

/** As {@link parseMessage}, of a line whose cost was checked. */
export function decodeMessage(line: Uint8Array): WireMessage {
  let value: unknown
  try {
    value = JSON.parse(textOf(line))
  } catch (cause) {
    throw new ProtocolError(`not a line of JSON: ${foreignText(lenient.decode(line.subarray(0, 400)))}`, {
      // V8 quotes what it could not read.
      cause: shownError(cause),
    })
  }
  if (!isObject(value)) {
    throw new ProtocolError(`not a JSON object: ${foreignText(lenient.decode(line.subarray(0, 400)))}`)
  }
  return value
}

/** @throws TypeError when it is not UTF-8 */
function textOf(line: Uint8Array): string {
  // What QEMU says is nearly always ASCII, which is several times as fast to read as UTF-8 is.
  return isAscii(line) ? asBuffer(line).toString('latin1') : utf8.decode(line)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** Is it a JSON object (and no array)? */
export function isObject(value: unknown): value is WireMessage {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of an own key; a key of the prototype is not one that the peer sent. */
export function own(object: WireMessage, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
