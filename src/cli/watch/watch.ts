import { ConnectionError, systemClock, VcpuError, type CallOptions, type DomainEvent } from '../../index.ts'
import type { CliIo } from '../io.ts'
import type { Session } from '../verb.ts'
import { asLines } from './as-lines.ts'
import { carryOut, type Change } from './change.ts'
import { asJsonLines } from './json-stream.ts'
import { LivePicture } from './live.ts'
import { Screen } from './screen.ts'
import type { Show } from './show.ts'
import { heldSource, sharedSource, type Source } from './source.ts'
import { VmPoller } from './vm-poller.ts'
import { Wakeup } from './wakeup.ts'

/** How often the VM is looked at without a hint, in milliseconds. */
const POLL_EVERY_MS = 1_000

/** How to watch. */
export interface WatchOptions {
  /** Release the monitor between looks, so that another client can connect. */
  readonly share?: boolean
}

/**
 * Show the slots until the command is interrupted: on a terminal one picture that is drawn over and whose keys act, elsewhere a
 * line for each change, with `--json` a document a line.
 *
 * @throws {@link ConnectionError} when the VM goes away
 * @throws {@link InterruptedError} when it is left in the middle of a change
 */
export async function watch(session: Session, { share = false }: WatchOptions = {}): Promise<void> {
  const { domain, io, hasAgent } = session
  const quit = new AbortController()
  const leaves = AbortSignal.any([io.signal, quit.signal])
  // Without a reader there is nothing to watch for.
  const signal = io.unread === undefined ? leaves : AbortSignal.any([leaves, io.unread])
  const within = (bound: AbortSignal) => (): CallOptions => ({ ...session.each(), signal: bound })
  const wakeup = new Wakeup(io.clock ?? systemClock)
  if (share) await domain.close()
  // Before the terminal is taken: what is wrong here is printed on the shell's own screen.
  const events = share ? undefined : domain.changes()
  const source = share ? sharedSource(session.connect) : heldSource(domain)
  const show = showFor(session, {
    onQuit: () => {
      quit.abort()
    },
    carryOut: async (change) => {
      try {
        return await source.use((used) => carryOut(used, change, within(leaves)))
      } finally {
        wakeup.wake()
      }
    },
  })
  const poller = new VmPoller({
    source,
    hasAgent,
    each: within(signal),
    signal,
    onSnapshot: (seen) => {
      show.snapshot(seen)
    },
  })
  const onAbort = (): void => {
    wakeup.end()
  }
  signal.addEventListener('abort', onAbort)
  const ears = events === undefined ? silence : listen(events, show, wakeup)
  try {
    while (!signal.aborted && !ears.hasFailed()) {
      await pollOnce(poller, source, show)
      await wakeup.wait(POLL_EVERY_MS)
    }
  } catch (error) {
    if (!signal.aborted) throw goneOr(error)
  } finally {
    signal.removeEventListener('abort', onAbort)
    // What is not over by now is left in the middle of it, or waited for.
    await Promise.all([ears.end(), endOf(show, session)])
  }
}

async function pollOnce(poller: VmPoller, { canRetry }: Source, show: Show): Promise<void> {
  try {
    await poller.poll()
  } catch (error) {
    if (!(error instanceof Error) || !canRetry(error)) throw error
    show.blind(error)
  }
}

async function endOf(show: Show, { onChanging }: Session): Promise<void> {
  try {
    await show.end()
  } catch (error) {
    onChanging()
    throw error
  }
}

interface KeysAct {
  readonly onQuit: () => void
  readonly carryOut: (change: Change) => Promise<string>
}

function showFor({ io, hasAgent, wantsJson, paint }: Session, keysAct: KeysAct): Show {
  const now = (): Date => io.timeOfDay?.() ?? new Date()
  const time = (): string => timeOf(now())
  if (wantsJson) return asJsonLines(io, now, hasAgent)
  return isScreen(io)
    ? new LivePicture({ screen: new Screen(io, paint), hasAgent, time, ...keysAct })
    : asLines(io, time)
}

/** What listens to the events of a domain. */
interface Ears {
  readonly hasFailed: () => boolean
  /** @throws what an event could not be shown for */
  readonly end: () => Promise<void>
}

const silence: Ears = { hasFailed: () => false, end: () => Promise.resolve() }

function listen(events: AsyncIterableIterator<DomainEvent>, show: Show, wakeup: Wakeup): Ears {
  const failures: unknown[] = []
  const heard = hear(events, (event) => {
    show.event(event)
    wakeup.wake()
  }).catch((error: unknown) => {
    failures.push(error)
    wakeup.end()
  })
  return {
    hasFailed: () => failures.length > 0,
    end: async () => {
      await events.return?.()
      await heard
      if (failures.length > 0) throw failures[0]
    },
  }
}

async function hear(events: AsyncIterable<DomainEvent>, onEvent: (event: DomainEvent) => void): Promise<void> {
  try {
    for await (const event of events) onEvent(event)
  } catch (error) {
    // More events than anybody can read: what they were about, the next look shows.
    if (!(error instanceof VcpuError)) throw error
  }
}

/** A terminal that cannot move its cursor gets lines. */
function isScreen({ isTerminal, env }: CliIo): boolean {
  return isTerminal && env['TERM'] !== 'dumb'
}

/** To whoever watches, a monitor that cannot be reached again means that QEMU has ended. */
function goneOr(error: unknown): unknown {
  if (!(error instanceof ConnectionError)) return error
  return new ConnectionError('ERR_CONNECTION_LOST', `the VM is gone: ${error.message}`, { cause: error })
}

function timeOf(date: Date): string {
  const two = (part: number): string => String(part).padStart(2, '0')
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':')
}
