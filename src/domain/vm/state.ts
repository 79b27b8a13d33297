import type { DatedReading } from './reading.ts'
import type { Device } from './device.ts'
import { NOTHING_KEPT, type GuestMemory } from './guest-memory.ts'
import type { DomainEvent } from './news.ts'
import type { Moment } from './moment.ts'
import type { Plug } from './plug.ts'
import { isPending, removalIds, type Removal } from './removal.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'

/** Which CPU of the guest a vCPU turned out to be, as seen around a change of ours. */
export interface Observation {
  readonly guestId: number
  readonly device: Device
  readonly seenAt: Moment
  /** The guest's own name of its boot, where its files may be read. */
  readonly bootId: string | undefined
}

/** What QEMU last said of the VM as a whole, each with its tick; 0: never. */
export interface LastWords {
  readonly reset: number
  readonly shutdown: number
  readonly panicked: number
}

/** All that is known of a VM, as one value. {@link advance} makes the next one; nothing else changes it. */
export interface VmState {
  readonly now: Moment
  readonly isConnected: boolean
  /** Events reach us, so that a reset is heard. */
  readonly hearsEvents: boolean
  /** Why there will be nothing more; `undefined` while it is open. */
  readonly closedBy: Error | undefined
  /** Why there is no connection; `undefined` while there is one. */
  readonly lostBy: Error | undefined
  /** The latest reading; `undefined` before the first, and where the connection has been another since. */
  readonly reading: DatedReading | undefined
  /** The device of the slot that holds vCPU 0, which no QEMU gives away: another one is another QEMU. */
  readonly bootDevice: Device | undefined
  /**
   * vCPUs that were made since QEMU's start beside those of `-smp`, whether they are still there or not: as many at least,
   * for what comes and goes between two readings is not seen.
   */
  readonly made: number
  /** Requests that are open, and those whose callers have not seen their end yet. */
  readonly removals: readonly Removal[]
  readonly plugs: readonly Plug[]
  /** By cpu-index. */
  readonly observed: ReadonlyMap<number, Observation>
  readonly guest: GuestMemory
  /** The tick at which QEMU last reported that a device had gone, any device and by any request; 0: never. */
  readonly deletedAt: number
  readonly lastWords: LastWords
}

/** What follows from an input. */
export interface Advance {
  readonly state: VmState
  /** What subscribers should hear, in order. */
  readonly news: readonly DomainEvent[]
  /** The slots may have changed: it is worth reading them. */
  readonly wantsLook: boolean
}

/** Before anything was seen. */
export function initialState(): VmState {
  return {
    now: { connection: 0, boot: 0, tick: 0 },
    isConnected: false,
    hearsEvents: true,
    closedBy: undefined,
    lostBy: undefined,
    reading: undefined,
    bootDevice: undefined,
    made: 0,
    removals: [],
    plugs: [],
    observed: new Map(),
    guest: NOTHING_KEPT,
    deletedAt: 0,
    lastWords: { reset: 0, shutdown: 0, panicked: 0 },
  }
}

/** The removal of the slot that holds `id` which has not ended, asked of this boot of the guest or of an earlier one. */
export function openRemoval({ removals }: VmState, id: number): Removal | undefined {
  return removals.find(({ firstId, count, end }) => end === undefined && id >= firstId && id < firstId + count)
}

/** The ids of all slots whose removal QEMU and this boot of the guest were asked for and have not ended. */
export function pendingIds({ removals, now }: VmState): CpuMap {
  return removals
    .filter((removal) => isPending(removal, now))
    .reduce((ids, removal) => ids.union(removalIds(removal)), CpuMap.empty)
}
