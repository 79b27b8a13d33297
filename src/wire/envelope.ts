import { InputError } from '../errors/input-error.ts'
import { CommandError, ConnectionError } from '../errors/peer-errors.ts'
import { foreignText, foreignValue } from '../errors/quote.ts'
import type { Outcome, VcpuErrorOptions } from '../errors/vcpu-error.ts'
import { NO_ID } from './call-ids.ts'
import { isObject, type WireMessage } from './message.ts'
import type { PendingCalls } from './pending-calls.ts'

/**
 * Most objects and arrays within one another in arguments. QEMU takes 1,024 in a line, and answers a line with more with hundreds
 * of errors without an id (docs/wire-notes.md): those would be taken for the answers of other commands.
 */
const MOST_DEPTH = 1_000

/**
 * The arguments of a command, ready to be put into its envelope.
 *
 * @throws {@link InputError} `ERR_ARGUMENTS` when JSON cannot carry them (a BigInt, a cycle), or QEMU does not take them
 */
export function encodeArguments(command: string, args: Readonly<Record<string, unknown>> | undefined): string {
  if (args === undefined) return ''
  const encoded = stringify(command, args)
  // Each level has two brackets.
  if (encoded.length > 2 * MOST_DEPTH && depthOf(encoded) > MOST_DEPTH) {
    throw new InputError('ERR_ARGUMENTS', `${command}: the arguments nest deeper than ${MOST_DEPTH} objects and arrays`)
  }
  return `,"arguments":${encoded}`
}

function stringify(command: string, args: object): string {
  try {
    return JSON.stringify(args)
  } catch (cause) {
    throw new InputError('ERR_ARGUMENTS', `${command}: the arguments cannot be sent as JSON`, { cause })
  }
}

/** How many objects and arrays are within one another, at most, in JSON text. */
function depthOf(json: string): number {
  let depth = 0
  let most = 0
  for (const [sign] of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g)) {
    if (sign === '[' || sign === '{') most = Math.max(most, ++depth)
    else if (sign === ']' || sign === '}') depth--
  }
  return most
}

/**
 * The line that asks for a command: as few bytes as can be, since old QEMUs read the monitor byte by byte
 * (docs/wire-notes.md).
 */
export function encodeCommand(
  verb: 'execute' | 'exec-oob',
  command: string,
  encodedArguments: string,
  id: number,
): string {
  const asked = `{"${verb}":${JSON.stringify(command)}${encodedArguments}`
  return id === NO_ID ? `${asked}}\n` : `${asked},"id":${id}}\n`
}

/**
 * Give a reply to the call that waits for it.
 *
 * @param idless - whose reply it is when it carries no id
 * @param isSure - `false` where an error without an id may as well be another call's answer: that call's outcome is then
 *   `unknown`
 * @returns `false` when it is no reply, or nobody waits for it (any longer)
 */
export function settleCall(
  pending: PendingCalls,
  message: WireMessage,
  idless: number | undefined,
  isSure = true,
): boolean {
  // A member that no prototype has, and JSON has no undefined: it is there where it has a value.
  const { id: ownId, error: failure, return: value } = message
  const id = ownId === NO_ID ? undefined : (ownId ?? idless)
  if (failure === undefined) return value !== undefined && pending.resolve(id, value)
  const { class: errorClass, desc } = isObject(failure) ? failure : {}
  const refusal = (command: string, options: VcpuErrorOptions = {}): CommandError =>
    new CommandError(command, words(errorClass, 60), words(desc, 200), options)
  if (isSure || (ownId !== undefined && ownId !== null)) return pending.reject(id, (command) => refusal(command))
  return pending.rejectUnsure(id, (command) => refusal(command, { outcome: 'unknown' }))
}

function words(value: unknown, max: number): string {
  return typeof value === 'string' ? foreignText(value, max) : foreignValue(value, max)
}

/** The error of a call that the end of its connection ended, or prevented; the first cause of closing is its `cause`. */
export function lostCall(command: string, outcome: Outcome, cause: Error | undefined): ConnectionError {
  const code = cause instanceof ConnectionError && cause.code === 'ERR_CLOSED' ? 'ERR_CLOSED' : 'ERR_CONNECTION_LOST'
  return new ConnectionError(code, `${command}: ${cause?.message ?? 'not connected'}`, { cause, outcome })
}
