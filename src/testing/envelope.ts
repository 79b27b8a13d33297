import { isObject, own } from '../wire/message.ts'
import type { CommandArguments } from './command-hooks.ts'
import { inDictionaryOrder } from './qdict.ts'
import { Refusal } from './refusal.ts'

/** A command that has the shape of one. */
export interface Envelope {
  readonly command: string
  readonly arguments: CommandArguments
  readonly isOutOfBand: boolean
}

/**
 * Checks the members around a command, as QEMU and its agent do before they look for the command itself
 * (qapi/qmp-dispatch.c).
 *
 * @param takesOutOfBand - whether `exec-oob` is a member at all: only where it was negotiated
 * @throws {@link Refusal} in their words
 */
export function openEnvelope(message: unknown, takesOutOfBand: boolean): Envelope {
  if (!isObject(message)) throw new Refusal('QMP input must be a JSON object')
  let verb: string | undefined
  for (const member of inDictionaryOrder(Object.keys(message))) {
    const value = own(message, member)
    if (member === 'execute' || (member === 'exec-oob' && takesOutOfBand)) {
      if (typeof value !== 'string') throw new Refusal(`QMP input member '${member}' must be a string`)
      if (verb !== undefined) throw new Refusal(`QMP input member '${member}' clashes with '${verb}'`)
      verb = member
    } else if (member === 'arguments') {
      if (!isObject(value)) throw new Refusal("QMP input member 'arguments' must be an object")
    } else if (member !== 'id') throw new Refusal(`QMP input member '${member}' is unexpected`)
  }
  const command = verb === undefined ? undefined : own(message, verb)
  const args = own(message, 'arguments')
  if (typeof command !== 'string') throw new Refusal("QMP input lacks member 'execute'")
  return { command, arguments: isObject(args) ? args : {}, isOutOfBand: verb === 'exec-oob' }
}
