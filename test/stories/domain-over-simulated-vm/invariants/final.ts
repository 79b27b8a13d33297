// What must hold when all is over: every call has ended, and both domains are closed.
import { getEventListeners } from 'node:events'
import { snapshotOf } from './end.ts'
import type { Call } from '../call.ts'
import type { Seat } from '../seat.ts'
import type { Stage } from '../stage.ts'

export function faultOfAll(calls: readonly Call[]): string | undefined {
  for (const call of calls) {
    if (call.end === undefined) return `${call.name} has never ended`
    if (call.end.state === 'failed' && snapshotOf(call.end.error) !== call.snapshot)
      return `${call.name}'s error was rewritten`
  }
  return undefined
}

/** With the VM at rest and read once more, a listener that keeps to the documentation knows what is plugged. */
export function faultOfFollower({ follower, stage, name }: Seat): string | undefined {
  if (follower.failure !== undefined) return `${name}: its listener failed with ${follower.failure.message}`
  const believed = [...(follower.plugged ?? [])].sort((a, b) => a - b).join()
  const plugged = [...stage.history.plugged].sort((a, b) => a - b).join()
  return believed === plugged ? undefined : `${name}: changes() leads to ${believed}, and ${plugged} are plugged`
}

/** What it heard of devices was so. */
export function faultOfEvents({ follower, stage, name }: Seat): string | undefined {
  for (const event of follower.events) {
    if (event.type !== 'plugged' && event.type !== 'unplugged') continue
    const isSo = stage.history.transitions.some(
      ({ kind, ids, deviceId }) =>
        kind === event.type && (deviceId ?? null) === event.deviceId && ids.join() === [...event.ids].join(),
    )
    if (!isSo) return `${name} heard that ${String(event.ids)} (${String(event.deviceId)}) was ${event.type}`
  }
  return undefined
}

/** After close(): nothing is left. */
export function faultOfClosed({ follower, clock, name, domain }: Seat): string | undefined {
  if (clock.pending !== 0) return `${name} has left ${clock.pending} timers`
  if (domain.state !== 'closed') return `${name} is ${domain.state}`
  if (!follower.isOver) return `${name}: changes() has not ended`
  return follower.states.at(-1) === 'closed'
    ? undefined
    : `${name}: states() ended with ${String(follower.states.at(-1))}`
}

/** Nor is anything left at what the domains were given: signals, connections, the clock. */
export function faultOfLeftovers({ dialled, clock }: Stage, calls: readonly Call[]): string | undefined {
  for (const { name, controller } of calls) {
    const left = getEventListeners(controller.signal, 'abort').length
    if (left > 0) return `${name} has left ${left} listeners at its signal`
  }
  for (const duplex of dialled) {
    if (!duplex.destroyed) return 'a connection is still open'
    const left = ['data', 'end', 'close'].filter((event) => duplex.listenerCount(event) > 0)
    if (left.length > 0) return `a connection has kept listeners of ${left.join()}`
  }
  return clock.pending === 0 ? undefined : `${clock.pending} timers are left`
}
