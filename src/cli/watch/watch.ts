import { ConnectionError, printable, systemClock, VcpuError, type DomainEvent } from '../../index.ts'
import type { CliIo } from '../io.ts'
import type { Session } from '../verb.ts'
import { asJsonLines, type Show } from './json-stream.ts'
import { Screen } from './screen.ts'
import { changesBetween, eventText, type Snapshot } from './snapshot.ts'
import { VmPoller } from './vm-poller.ts'
import { Wakeup } from './wakeup.ts'

/** How often the VM is looked at without a hint, in milliseconds. */
const POLL_EVERY_MS = 1_000
/** Events kept for the screen: more than any screen shows. */
const MAX_HISTORY = 200

/**
 * Show the slots until the command is interrupted: on a terminal one picture that is drawn over, elsewhere a line for each
 * change, with `--json` a document a line.
 *
 * @throws {@link ConnectionError} when the VM goes away
 */
export async function watch(outer: Session): Promise<void> {
  const { domain } = outer
  // Without a reader there is nothing to watch for.
  const { signal, unread } = outer.io
  const io = { ...outer.io, signal: unread === undefined ? signal : AbortSignal.any([signal, unread]) }
  const session = { ...outer, io }
  const wakeup = new Wakeup(io.clock ?? systemClock)
  const show = showFor(session)
  const poller = new VmPoller(session, show.snapshot)
  const events = domain.changes()
  const failures: unknown[] = []
  const heard = hear(events, (event) => {
    show.event(event)
    wakeup.wake()
  }).catch((error: unknown) => {
    failures.push(error)
    wakeup.end()
  })
  const onAbort = (): void => {
    wakeup.end()
  }
  io.signal.addEventListener('abort', onAbort)
  try {
    while (!io.signal.aborted && failures.length === 0) {
      await poller.poll()
      await wakeup.wait(POLL_EVERY_MS)
    }
  } catch (error) {
    if (!io.signal.aborted) throw goneOr(error)
  } finally {
    io.signal.removeEventListener('abort', onAbort)
    await events.return()
    await heard
    show.end()
  }
  if (failures.length > 0) throw failures[0]
}

function showFor(session: Session): Show {
  const { io, hasAgent, wantsJson } = session
  const time = (): Date => io.timeOfDay?.() ?? new Date()
  const timeOfDay = (): string => timeOf(time())
  if (wantsJson) return asJsonLines(io, time, hasAgent)
  return isScreen(io) ? onScreen(session, timeOfDay) : asLines(io, timeOfDay)
}

async function hear(events: AsyncIterable<DomainEvent>, onEvent: (event: DomainEvent) => void): Promise<void> {
  try {
    for await (const event of events) onEvent(event)
  } catch (error) {
    // More events than anybody can read: what they were about, the next look shows.
    if (!(error instanceof VcpuError)) throw error
  }
}

function asLines(io: CliIo, timeOfDay: () => string): Show {
  let before: Snapshot | undefined
  const print = (line: string): void => {
    io.stdout(`${timeOfDay()}  ${printable(line)}\n`)
  }
  return {
    snapshot: (snapshot) => {
      for (const line of changesBetween(before, snapshot)) print(line)
      before = snapshot
    },
    event: (event) => {
      print(eventText(event))
    },
    end: () => undefined,
  }
}

function onScreen(session: Session, timeOfDay: () => string): Show {
  const screen = new Screen(session)
  const history: string[] = []
  let before: Snapshot | undefined
  const note = (line: string): void => {
    history.push(`${timeOfDay()}  ${line}`)
    if (history.length > MAX_HISTORY) history.shift()
  }
  return {
    snapshot: (snapshot) => {
      // What is there at first, and what follows from the rest, the snapshot itself says.
      const changes = before === undefined ? [] : changesBetween(before, snapshot)
      for (const line of changes.filter((change) => / online: .* -> /.test(change))) note(line)
      before = snapshot
      screen.draw(snapshot, history)
    },
    event: (event) => {
      note(eventText(event))
    },
    end: () => {
      screen.leave()
    },
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
