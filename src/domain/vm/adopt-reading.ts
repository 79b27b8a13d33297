import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { deviceIdOf, isMadeAtStart } from '../../bitmap/machine/device-path.ts'
import { ConnectionError } from '../../errors/peer-errors.ts'
import { deviceIn, holdsDevice, holdTheSame, isSameDevice, type Device } from './device.ts'
import { followSlots, NOTHING_KEPT } from './guest-memory.ts'
import type { Moment } from './moment.ts'
import type { DomainEvent } from './news.ts'
import { look, removalIds, type Removal, type RemovalEnd } from './removal.ts'
import type { DatedReading } from './reading.ts'
import type { Advance, VmState } from './state.ts'

/** A removal that is over. */
type Ended = Removal & { readonly end: RemovalEnd }

/**
 * Take in a reading of all slots. One that was asked for over a connection of the past, or before the latest one was, says
 * nothing new and is dropped.
 */
export function adoptReading(state: VmState, reading: DatedReading): Advance {
  const { now, reading: last, bootDevice } = state
  const isOld = reading.askedAt.connection !== now.connection || laterOf(reading, last) !== reading
  if (isOld) return { state, news: [], wantsLook: false }
  const boot = deviceIn(reading.slots[0])
  if (bootDevice !== undefined && boot !== undefined && !isSameDevice(boot, bootDevice)) {
    return onNewQemu(state, reading, boot)
  }
  const removals = state.removals.map((removal) => look(removal, holds(reading.slots, removal), reading.askedAt.tick))
  // A reading changes nothing of a removal but its end.
  const ended = removals.filter((removal): removal is Ended => !state.removals.includes(removal))
  const changed = last === undefined ? [] : changedSlots(last.slots, reading.slots)
  const next: VmState = {
    ...state,
    reading,
    bootDevice: boot ?? bootDevice,
    // After a loss of the connection the last reading is of no use: what is there now was made at some time.
    made: last === undefined ? Math.max(state.made, addedSinceStart(reading.slots)) : countMade(state.made, changed),
    removals: removals.filter(({ end, callers }) => end === undefined || callers.length > 0),
    observed: stillThere(state, reading.slots),
    guest: followSlots(state.guest, reading.slots),
  }
  const news = [
    ...ended.flatMap(refusedNews),
    ...newsOf(changed, ended),
    // Where there is no earlier reading to compare with, our own removals are news all the same.
    ...(last === undefined ? ended.filter(({ end }) => end.type === 'removed').map(removedNews) : []),
  ]
  return { state: next, news, wantsLook: false }
}

/** The reading that was asked for later, of two over the same connection: the answer to the other may come after its. */
export function laterOf(reading: DatedReading, last: DatedReading | undefined): DatedReading {
  if (last?.askedAt.connection !== reading.askedAt.connection) return reading
  return isBefore(reading.askedAt, last.askedAt) ? last : reading
}

/** Was it asked before the other? Its answer may come later all the same, where more had to be asked for it. */
function isBefore(moment: Moment, other: Moment): boolean {
  if (moment.tick !== other.tick) return moment.tick < other.tick
  return (moment.question ?? 0) < (other.question ?? 0)
}

/** Another QEMU answers at this address: it has heard of nothing that was asked of the last one. */
function onNewQemu(state: VmState, reading: DatedReading, bootDevice: Device): Advance {
  const { now, removals } = state
  const open = removals.filter(({ end }) => end === undefined)
  const next: VmState = {
    ...state,
    now: { ...now, boot: now.boot + 1 },
    reading,
    bootDevice,
    made: addedSinceStart(reading.slots),
    removals: removals
      .map((removal): Removal => (removal.end === undefined ? { ...removal, end: { type: 'forgotten' } } : removal))
      .filter(({ callers }) => callers.length > 0),
    observed: new Map(),
    guest: followSlots(NOTHING_KEPT, reading.slots),
  }
  const news = open.map((removal): DomainEvent => ({
    type: 'lost',
    ids: removalIds(removal),
    error: new ConnectionError('ERR_CONNECTION_LOST', 'another QEMU answers at this address; it was not asked', {
      outcome: 'unknown',
    }),
  }))
  return { state: next, news: [...news, { type: 'gap' }], wantsLook: false }
}

/** @param changed - the slots that hold something else than in the last reading */
function countMade(made: number, changed: readonly SlotChange[]): number {
  return made + changed.reduce((sum, { is }) => sum + is.vcpus.length, 0)
}

function addedSinceStart(slots: readonly VcpuSlot[]): number {
  let count = 0
  for (const { vcpus } of slots) for (const { qomPath } of vcpus) if (!isMadeAtStart(qomPath)) count++
  return count
}

function holds(slots: readonly VcpuSlot[], { firstId, device }: Removal): boolean {
  return holdsDevice(slotOf(slots, firstId), device)
}

function stillThere({ observed }: VmState, slots: readonly VcpuSlot[]): VmState['observed'] {
  if (observed.size === 0) return observed
  const kept = [...observed].filter(([index, { device }]) => holdsDevice(slotOf(slots, index), device))
  return kept.length === observed.size ? observed : new Map(kept)
}

/** A slot that holds something else than before. */
interface SlotChange {
  readonly was: VcpuSlot | undefined
  readonly is: VcpuSlot
}

/** The slots of a reading that hold something else than in the one before it. */
function changedSlots(before: readonly VcpuSlot[], after: readonly VcpuSlot[]): readonly SlotChange[] {
  const changed: SlotChange[] = []
  for (const [at, is] of after.entries()) {
    // One machine has the same slots in each reading.
    const same = before[at]
    const was = same?.firstId === is.firstId ? same : slotOf(before, is.firstId)
    if (!holdTheSame(was, is)) changed.push({ was, is })
  }
  return changed
}

/** Which slots were filled and which were emptied, by anybody. */
function newsOf(changed: readonly SlotChange[], ended: readonly Ended[]): readonly DomainEvent[] {
  const news: DomainEvent[] = []
  for (const { was, is } of changed) {
    const { ids, firstId } = is
    const before = deviceIn(was)
    const after = deviceIn(is)
    if (before !== undefined) {
      const removal = ended.find((other) => other.firstId === firstId)
      const late = removal?.end.type === 'removed' && removal.callers.length === 0
      news.push({ type: 'unplugged', ids, deviceId: deviceIdOf(before.qomPath), late })
    }
    if (after !== undefined) news.push({ type: 'plugged', ids, deviceId: deviceIdOf(after.qomPath) })
  }
  return news
}

function removedNews(removal: Removal): DomainEvent {
  const { device, callers } = removal
  const deviceId = deviceIdOf(device.qomPath)
  return { type: 'unplugged', ids: removalIds(removal), deviceId, late: callers.length === 0 }
}

function refusedNews(removal: Ended): readonly DomainEvent[] {
  const { end, callers } = removal
  if (end.type !== 'refused') return []
  return [{ type: 'refused', ids: removalIds(removal), reason: end.reason, late: callers.length === 0 }]
}
