// What others may watch, through node:diagnostics_channel: each command of a Domain, and each limit that ended something. Where
// there is no subscriber it costs a look at a few flags. domain/telemetry.ts has the rest.
import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel'
import type { ExecuteOptions } from './call-options.ts'

/** Name of the tracing channel of commands: `tracingChannel(COMMAND_CHANNEL)` gives {@link CommandMessage}s. */
export const COMMAND_CHANNEL = 'qemu-vcpu:command'
/** Name of the channel of {@link LimitMessage}s. */
export const LIMIT_CHANNEL = 'qemu-vcpu:limit'

/** One command, from its call (`start`) until it is answered or has failed (`asyncEnd`; before that `error`). */
export interface CommandMessage {
  /** The Domain's name. */
  readonly vm: string
  readonly peer: 'qmp' | 'qga'
  readonly command: string
  /** What it failed with. */
  readonly error?: unknown
}

/** A limit that ended a call or a connection (docs/limits.md). */
export interface LimitMessage {
  /** The Domain's name. */
  readonly vm: string
  readonly peer: 'qmp' | 'qga'
  /** Which one: the code of its error. */
  readonly code: string
  /** The same in words. */
  readonly message: string
}

/** The five channels of one kind of call. */
export type CallChannels<M extends object> = TracingChannel<M, M>

const commands: CallChannels<CommandMessage> = tracingChannel(COMMAND_CHANNEL)
const limits = channel(LIMIT_CHANNEL)

/** Does any of its channels have a subscriber? The property of that name is missing in the first releases of Node 20. */
export function isWatched({
  start,
  end,
  asyncStart,
  asyncEnd,
  error,
}: CallChannels<never> | CallChannels<object>): boolean {
  return (
    start.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers
  )
}

/**
 * Run a task as a call that subscribers see. Its result is not published: replies are not theirs to hold.
 *
 * @throws what the task rejects with
 */
export async function publishCall<M extends object, T>(
  channels: CallChannels<M>,
  message: M,
  task: () => Promise<T>,
): Promise<T> {
  const results: T[] = []
  await channels.tracePromise(async () => {
    results.push(await task())
  }, message)
  return results[0] as T
}

/** The part of an executor by which commands are run. */
interface Executes {
  execute(command: string, args?: Readonly<Record<string, unknown>>, options?: ExecuteOptions): Promise<unknown>
}

/** The same `execute`, each of whose calls can be watched. */
export function watchedExecute(executor: Executes, vm: string, peer: 'qmp' | 'qga'): Executes['execute'] {
  return (command, args, options) => {
    if (!limits.hasSubscribers && !isWatched(commands)) return executor.execute(command, args, options)
    return publishCall(commands, { vm, peer, command }, async () => {
      try {
        return await executor.execute(command, args, options)
      } catch (error) {
        publishLimit(vm, peer, error)
        throw error
      }
    })
  }
}

const LIMIT_CODES: ReadonlySet<unknown> = new Set([
  'ERR_TOO_MANY_PENDING',
  'ERR_TOO_MUCH_UNSENT',
  'ERR_MESSAGE_TOO_LARGE',
  'ERR_MESSAGE_TOO_COMPLEX',
  'ERR_MESSAGE_TOO_SLOW',
  'ERR_TOO_MUCH_JUNK',
  'ERR_TOO_MANY_VCPUS',
])
/** A connection that ends ends all its calls: the limit was passed once. */
const reported = new WeakSet<Error>()
const MAX_CAUSES = 16

/** Publish the limit that an error is about, itself or by its causes; nothing where it is about none. */
export function publishLimit(vm: string, peer: 'qmp' | 'qga', error: unknown): void {
  if (!limits.hasSubscribers) return
  let cause = error
  for (let depth = 0; depth < MAX_CAUSES && cause instanceof Error; depth++, cause = cause.cause) {
    const code: unknown = 'code' in cause ? cause.code : undefined
    if (typeof code !== 'string' || !LIMIT_CODES.has(code)) continue
    if (reported.has(cause)) return
    reported.add(cause)
    limits.publish({ vm, peer, code, message: cause.message } satisfies LimitMessage)
    return
  }
}
