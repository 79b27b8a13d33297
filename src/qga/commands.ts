import type { GuestCpu } from '../bitmap/machine/replies.ts'
import { MAX_CPU_ID } from '../bitmap/set/cpu-id.ts'
import { ProtocolError } from '../errors/peer-errors.ts'
import { foreignText } from '../errors/quote.ts'
import { restate } from '../errors/restate.ts'
import type { ExecuteOptions } from '../wire/call-options.ts'
import { Field } from '../wire/decode.ts'
import type { QgaExecutor } from './executor.ts'

/** Most entries accepted in a list of the guest's: it is a hostile peer, and no kernel has more CPUs than ids. */
const MAX_ENTRIES = MAX_CPU_ID + 1

/** Longest word of the guest's about its system, in characters. */
const MAX_OS_TEXT = 200

/** One command that the agent knows. */
export interface GuestCommand {
  readonly name: string
  /** Does its configuration allow it? While the guest is frozen nearly none is. */
  readonly enabled: boolean
}

/** What the agent is and what it may do. */
export interface GuestInfo {
  readonly version: string
  readonly supported_commands: readonly GuestCommand[]
}

/** One entry of `guest-set-vcpus`. */
export interface GuestCpuChange {
  readonly 'logical-id': number
  readonly online: boolean
}

/** The result of `guest-file-read`. */
export interface GuestFileChunk {
  readonly count: number
  readonly 'buf-b64': string
  readonly eof: boolean
}

/** What `guest-get-osinfo` says of the guest's kernel; an agent leaves out what it does not know. */
export interface GuestOsInfo {
  /** The distribution or system, such as `debian`, `mswindows` or `freebsd`. */
  readonly id?: string
  /** As `uname -r` has it; Windows gives a build number. */
  readonly 'kernel-release'?: string
  /** As `uname -v` has it. */
  readonly 'kernel-version'?: string
}

/** The commands that this project uses: their arguments and what they return, in the wire's spelling. */
export interface QgaCommands {
  'guest-ping': { arguments: undefined; returns: undefined }
  'guest-info': { arguments: undefined; returns: GuestInfo }
  'guest-get-vcpus': { arguments: undefined; returns: readonly GuestCpu[] }
  'guest-set-vcpus': { arguments: { readonly vcpus: readonly GuestCpuChange[] }; returns: number }
  'guest-get-osinfo': { arguments: undefined; returns: GuestOsInfo }
  'guest-fsfreeze-status': { arguments: undefined; returns: string }
  'guest-file-open': { arguments: { readonly path: string; readonly mode?: string }; returns: number }
  'guest-file-read': { arguments: { readonly handle: number; readonly count?: number }; returns: GuestFileChunk }
  'guest-file-close': { arguments: { readonly handle: number }; returns: undefined }
}

/** A command of {@link QgaCommands}. */
export type QgaCommandName = keyof QgaCommands

const nothing = (): undefined => undefined

const decoders: { readonly [C in QgaCommandName]: (reply: Field) => QgaCommands[C]['returns'] } = {
  'guest-ping': nothing,
  'guest-info': decodeInfo,
  'guest-get-vcpus': (reply) => reply.array(MAX_ENTRIES).map(decodeGuestCpu),
  'guest-set-vcpus': (reply) => reply.integer(0, MAX_ENTRIES),
  'guest-get-osinfo': decodeOsInfo,
  'guest-fsfreeze-status': (reply) => foreignText(reply.string(), 40),
  'guest-file-open': (reply) => reply.integer(0, Number.MAX_SAFE_INTEGER),
  'guest-file-read': (reply) => ({
    count: reply.at('count').integer(0, Number.MAX_SAFE_INTEGER),
    'buf-b64': reply.at('buf-b64').string(),
    eof: reply.at('eof').boolean(),
  }),
  'guest-file-close': nothing,
}

/** Is it a command whose reply this project knows how to check? */
export function isKnownCommand(command: string): command is QgaCommandName {
  return Object.hasOwn(decoders, command)
}

/** The commands whose answer says what was changed; those that return nothing cannot answer nonsense. */
function isChange(command: QgaCommandName): boolean {
  return command === 'guest-set-vcpus'
}

/**
 * Check a reply of the guest and give it its type. A checked reply passes again as it is: an executor of the caller's own may
 * have checked it.
 *
 * @throws {@link ProtocolError} naming the place that is not as the agent's schema has it
 */
export function decodeReply<C extends QgaCommandName>(command: C, value: unknown): QgaCommands[C]['returns'] {
  return decoders[command](new Field(command, value))
}

/**
 * Run a known command on an executor and check its reply: here, and nowhere else.
 *
 * @throws what the executor rejects with, and {@link ProtocolError} for a reply that the agent's schema does not allow
 */
export async function callQga<C extends QgaCommandName>(
  executor: QgaExecutor,
  command: C,
  args: QgaCommands[C]['arguments'],
  options: ExecuteOptions,
): Promise<QgaCommands[C]['returns']> {
  const reply = await executor.execute(command, args, options)
  try {
    return decodeReply(command, reply)
  } catch (error) {
    // It was carried out in some way or other; an answer that makes no sense does not say in which.
    throw isChange(command) && error instanceof ProtocolError ? restate(error, 'unknown') : error
  }
}

function decodeGuestCpu(cpu: Field): GuestCpu {
  const canOffline = cpu.optionalBooleanAt('can-offline')
  const id = cpu.integerAt('logical-id', 0, MAX_CPU_ID)
  const online = cpu.booleanAt('online')
  if (canOffline === undefined) return { 'logical-id': id, online }
  return { 'logical-id': id, online, 'can-offline': canOffline }
}

function decodeOsInfo(info: Field): GuestOsInfo {
  const text = (key: string): string | undefined =>
    info.optional(key, (field) => foreignText(field.string(), MAX_OS_TEXT))
  const [id, release, version] = ['id', 'kernel-release', 'kernel-version'].map(text)
  return {
    ...(id === undefined ? {} : { id }),
    ...(release === undefined ? {} : { 'kernel-release': release }),
    ...(version === undefined ? {} : { 'kernel-version': version }),
  }
}

function decodeInfo(info: Field): GuestInfo {
  const commands = info.at('supported_commands').array(MAX_ENTRIES)
  return {
    version: foreignText(info.at('version').string(), 60),
    supported_commands: commands.map((command) => ({
      name: command.at('name').string(),
      enabled: command.at('enabled').boolean(),
    })),
  }
}
