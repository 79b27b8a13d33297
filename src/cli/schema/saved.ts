import { readFileSync } from 'node:fs'
import { InputError, ProtocolError, quote } from '../../index.ts'
import { usageError } from '../errors.ts'
import { readGuestInfo, type AgentCommand } from './agent.ts'
import type { Schema } from './model.ts'
import { readSchema } from './read.ts'

/** Larger than any schema, in characters. */
const MAX_FILE = 16 * 1024 * 1024

/** The replies to `query-qmp-schema` and `guest-info`, as they were sent; `undefined` without an answer. */
export interface Replies {
  readonly qmp: unknown
  readonly qga: unknown
}

/**
 * Read the replies that `typegen --json` has saved, or one reply with or without its envelope.
 *
 * @throws {@link InputError} when the file cannot be read, or is not one of these
 */
export function readSaved(file: string, verb: string): Replies {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown error'
    throw usageError(`${quote(file)} cannot be read: ${why}`, verb)
  }
  if (text.length > MAX_FILE) {
    throw usageError(`${quote(file)} has ${text.length} characters, at most ${MAX_FILE} are read`, verb)
  }
  const replies = repliesIn(parseJson(text))
  if (replies === undefined) {
    throw usageError(`${quote(file)} has no reply to query-qmp-schema or guest-info, as typegen --json prints it`, verb)
  }
  return replies
}

/**
 * Check the schema of a file.
 *
 * @throws {@link InputError} where it is not one: another file has to be named
 */
export function savedSchema(reply: unknown, file: string, verb: string): Schema {
  return checked(() => readSchema(reply), file, verb)
}

/** The same for the commands of an agent. */
export function savedGuestInfo(reply: unknown, file: string, verb: string): readonly AgentCommand[] {
  return checked(() => readGuestInfo(reply), file, verb)
}

function checked<T>(read: () => T, file: string, verb: string): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    throw new InputError('ERR_USAGE', usageError(`${quote(file)}: ${error.message}`, verb).message, { cause: error })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function repliesIn(value: unknown): Replies | undefined {
  if (Array.isArray(value)) return { qmp: value, qga: undefined }
  if (typeof value !== 'object' || value === null) return undefined
  if ('supported_commands' in value) return { qmp: undefined, qga: value }
  if ('return' in value) return repliesIn(value.return)
  const qmp = 'qmp' in value ? (value.qmp ?? undefined) : undefined
  const qga = 'qga' in value ? (value.qga ?? undefined) : undefined
  return qmp === undefined && qga === undefined ? undefined : { qmp, qga }
}
