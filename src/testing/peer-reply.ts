import { isObject, own } from '../wire/message.ts'
import { Refusal } from './refusal.ts'

/** The id that a client gave its message, if it is one that has members. */
export function idOf(message: unknown): unknown {
  return isObject(message) ? own(message, 'id') : undefined
}

/** A message as QEMU and its agent write it: one line of ASCII, everything else escaped. */
export function encodeMessage(message: object): string {
  return JSON.stringify(message).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The reply to a command: what `run` returns, or the error that it throws; `id` is echoed where there was one. */
export async function replyOf(run: () => unknown, id: unknown): Promise<object> {
  const echo = id === undefined ? {} : { id }
  try {
    const value = await run()
    return { return: value ?? {}, ...echo }
  } catch (error) {
    return { ...errorMessage(error), ...echo }
  }
}

/** The reply to a command that is refused before it is carried out. */
export function refusalReply(error: Error, id: unknown): object {
  return { ...errorMessage(error), ...(id === undefined ? {} : { id }) }
}

/** The error part of a reply. Whatever else a hook throws is told as a `GenericError` too, so that its words are seen. */
export function errorMessage(error: unknown): object {
  const errorClass = error instanceof Refusal ? error.errorClass : 'GenericError'
  return { error: { class: errorClass, desc: error instanceof Error ? error.message : String(error) } }
}
