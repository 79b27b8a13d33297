import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { deviceIdOf, isMadeAtStart } from '../../bitmap/machine/device-path.ts'
import { ConnectionError } from '../../errors/peer-errors.ts'
import { deviceIn, isSameDevice, type Device } from './device.ts'
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
  const isOld =
    reading.askedAt.connection !== now.connection || (last !== undefined && isBefore(reading.askedAt, last.askedAt))
  if (isOld) return { state, news: [], wantsLook: false }
  const boot = deviceIn(reading.slots[0])
  if (bootDevice !== undefined && boot !== undefined && !isSameDevice(boot, bootDevice)) {
    return onNewQemu(state, reading, boot)
  }
  const removals = state.removals.map((removal) => look(removal, holds(reading.slots, removal), reading.askedAt.tick))
  // A reading changes nothing of a removal but its end.
  const ended = removals.filter((removal): removal is Ended => !state.removals.includes(removal))
  const next: VmState = {
    ...state,
    reading,
    bootDevice: boot ?? bootDevice,
    made: countMade(state, reading.slots),
    removals: removals.filter(({ end, callers }) => end === undefined || callers.length > 0),
    observed: stillThere(state, reading.slots),
    guest: followSlots(state.guest, reading.slots),
  }
  const news = [
    ...ended.flatMap(refusedNews),
    ...(last === undefined ? [] : changesBetween(last.slots, reading.slots, ended)),
    // Where there is no earlier reading to compare with, our own removals are news all the same.
    ...(last === undefined ? ended.filter(({ end }) => end.type === 'removed').map(removedNews) : []),
  ]
  return { state: next, news, wantsLook: false }
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

function countMade({ reading: last, made }: VmState, slots: readonly VcpuSlot[]): number {
  // After a loss of the connection the last reading is of no use: what is there now was made at some time.
  if (last === undefined) return Math.max(made, addedSinceStart(slots))
  const isNew = (slot: VcpuSlot): boolean => !isSameDevice(deviceIn(slot), deviceIn(slotOf(last.slots, slot.firstId)))
  return made + slots.reduce((sum, slot) => sum + (slot.vcpus.length > 0 && isNew(slot) ? slot.vcpus.length : 0), 0)
}

function addedSinceStart(slots: readonly VcpuSlot[]): number {
  return slots.flatMap(({ vcpus }) => vcpus).filter(({ qomPath }) => !isMadeAtStart(qomPath)).length
}

function holds(slots: readonly VcpuSlot[], { firstId, device }: Removal): boolean {
  return isSameDevice(deviceIn(slotOf(slots, firstId)), device)
}

function stillThere({ observed }: VmState, slots: readonly VcpuSlot[]): VmState['observed'] {
  const kept = [...observed].filter(([index, { device }]) => isSameDevice(deviceIn(slotOf(slots, index)), device))
  return kept.length === observed.size ? observed : new Map(kept)
}

/** Which slots were filled and which were emptied, by anybody. */
function changesBetween(
  before: readonly VcpuSlot[],
  after: readonly VcpuSlot[],
  ended: readonly Ended[],
): readonly DomainEvent[] {
  const news: DomainEvent[] = []
  for (const slot of after) {
    const was = deviceIn(slotOf(before, slot.firstId))
    const is = deviceIn(slot)
    if (isSameDevice(was, is)) continue
    if (was !== undefined) {
      const removal = ended.find(({ firstId }) => firstId === slot.firstId)
      const late = removal?.end.type === 'removed' && removal.callers.length === 0
      news.push({ type: 'unplugged', ids: slot.ids, deviceId: deviceIdOf(was.qomPath), late })
    }
    if (is !== undefined) news.push({ type: 'plugged', ids: slot.ids, deviceId: deviceIdOf(is.qomPath) })
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
