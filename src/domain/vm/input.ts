import type { KnownQmpEvent } from '../../qmp/events.ts'
import type { Device } from './device.ts'
import type { GuestSaid, GuestTurned } from './guest-memory.ts'
import type { DatedReading } from './reading.ts'
import type { Observation } from './state.ts'

/** What can happen to what is known of a VM. Tell them apart by `type`. */
export type VmInput =
  /** The monitor greeted. */
  | { readonly type: 'connected' }
  | { readonly type: 'disconnected'; readonly cause: Error }
  | { readonly type: 'closed'; readonly cause: Error }
  | { readonly type: 'event'; readonly event: KnownQmpEvent }
  /** No event will come any longer: from now on a reset may be missed. */
  | { readonly type: 'events-ended' }
  | { readonly type: 'read'; readonly reading: DatedReading }
  /** QEMU is about to be asked for a removal: a new one, or again for one that is open. */
  | {
      readonly type: 'unplug-sent'
      readonly caller: number
      readonly firstId: number
      readonly count: number
      readonly device: Device
    }
  | { readonly type: 'unplug-accepted'; readonly key: number }
  /** QEMU refused the request: it leaves no trace. */
  | { readonly type: 'unplug-refused'; readonly key: number }
  /** Nobody waits for QEMU's answer any longer, or the connection that would have brought it is gone. */
  | { readonly type: 'unplug-unanswered'; readonly key: number }
  | { readonly type: 'joined'; readonly caller: number; readonly key: number }
  | { readonly type: 'left'; readonly caller: number; readonly gaveUp: boolean }
  | { readonly type: 'plug-sent'; readonly firstId: number; readonly deviceId: string }
  | { readonly type: 'plug-accepted'; readonly deviceId: string }
  /** The call that plugged waits for nothing any longer. */
  | { readonly type: 'plug-over'; readonly deviceId: string }
  | { readonly type: 'observed'; readonly ids: ReadonlyMap<number, Observation> }
  | { readonly type: 'guest-said'; readonly said: GuestSaid }
  | { readonly type: 'guest-turned'; readonly turned: GuestTurned }
  /** The guest may have booted without our hearing of it. */
  | { readonly type: 'boot-doubted' }
