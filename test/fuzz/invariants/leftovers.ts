// What must be left of a subject that was closed: nothing.
import { getEventListeners } from 'node:events'
import type { Duplex } from 'node:stream'
import type { Actor } from '../subject/actor.ts'

/** What is left; `undefined` where nothing is. */
export function faultOfLeftovers({ clock, exchanges }: Actor, ends: readonly Duplex[]): string | undefined {
  if (clock.pending !== 0) return `${clock.pending} timers are left`
  for (const { name, controller } of exchanges) {
    const left = getEventListeners(controller.signal, 'abort').length
    if (left > 0) return `${left} listeners are left at the signal of ${name}`
  }
  for (const end of ends) {
    if (!end.destroyed) return 'a connection is open'
    const left = ['data', 'end', 'close'].filter((event) => end.listenerCount(event) > 0)
    if (left.length > 0) return `a connection has kept listeners of ${left.join()}`
  }
  return undefined
}
