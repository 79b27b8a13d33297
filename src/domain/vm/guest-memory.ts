import { isPlugged, slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { deviceIn, isSameDevice, type Device } from './device.ts'
import type { Moment } from './moment.ts'

/** Which vCPU one of the guest's CPUs is, as the guest's own files said. */
export interface KeptId {
  /** Its cpu-index. */
  readonly index: number
  /** The device that it was: another one in the same slot may be another CPU of the guest. */
  readonly device: Device
}

/** What the guest runs, as far as its agent says. */
export interface GuestKernel {
  /** Linux' release, as `uname -r` has it; `undefined` for another system, and where the agent does not say. */
  readonly linux: string | undefined
}

/** The vCPUs that were plugged when a boot began. */
export interface BootSet {
  readonly plugged: CpuMap
  /** A reading after the reset showed the same. */
  readonly isSure: boolean
  /** A port of the guest's has opened since: one that opens or closes after that may be another boot (kexec). */
  readonly isUp: boolean
}

/**
 * What the guest said of itself in this boot, and what was plugged in it. It is kept until something says that it may be
 * so no longer: the device has gone, a reset, another connection or QEMU, a port of the guest's that opened or closed (its
 * agent's, perhaps); and not at all where no events are heard.
 */
export interface GuestMemory {
  /** By guest id. */
  readonly ids: ReadonlyMap<number, KeptId>
  readonly kernel: GuestKernel | undefined
  /** The tick of the last doubt: what was asked before it is not kept. */
  readonly doubtedAt: number
  readonly atBoot: BootSet | undefined
  /** vCPUs that were seen plugged in this boot, gone or not. */
  readonly seen: CpuMap
}

/** What one reading of the guest's adds. */
export interface GuestSaid {
  /** When it was asked. */
  readonly askedAt: Moment
  /** All that is known now of the CPUs that the guest lists, what was kept included; `undefined`: not asked. */
  readonly ids?: ReadonlyMap<number, KeptId> | undefined
  readonly kernel?: GuestKernel | undefined
}

export const NOTHING_KEPT: GuestMemory = {
  ids: new Map(),
  kernel: undefined,
  doubtedAt: 0,
  atBoot: undefined,
  seen: CpuMap.empty,
}

/** Take in what the guest said, unless that is about another time. */
export function remember(memory: GuestMemory, now: Moment, slots: readonly VcpuSlot[], said: GuestSaid): GuestMemory {
  const { askedAt, ids = memory.ids, kernel = memory.kernel } = said
  const isOld = askedAt.connection !== now.connection || askedAt.boot !== now.boot || askedAt.tick < memory.doubtedAt
  return isOld ? memory : { ...memory, ids: stillThere(ids, slots), kernel }
}

/** The guest may have booted: what it said is dropped, and what was asked by now will be. */
export function doubtGuest({ seen }: GuestMemory, tick: number): GuestMemory {
  return { ...NOTHING_KEPT, doubtedAt: tick, seen }
}

/** A port of the guest's, which may be its agent's, opened or closed. Both belong to a boot after a reset. */
export function changePort(memory: GuestMemory, tick: number, isOpen: boolean): GuestMemory {
  const { atBoot } = memory
  const doubted = doubtGuest(memory, tick)
  return atBoot === undefined || atBoot.isUp ? doubted : { ...doubted, atBoot: { ...atBoot, isUp: isOpen } }
}

/** A boot begins, with what is plugged now: the next reading shows whether the last one before it is still true. */
export function beginBoot(slots: readonly VcpuSlot[] | undefined, tick: number): GuestMemory {
  const atBoot = slots === undefined ? undefined : { plugged: pluggedIds(slots), isSure: false, isUp: false }
  return { ...NOTHING_KEPT, doubtedAt: tick, atBoot }
}

/** Take in a reading of QEMU's slots. */
export function followSlots(memory: GuestMemory, slots: readonly VcpuSlot[]): GuestMemory {
  const { atBoot } = memory
  const plugged = pluggedIds(slots)
  const ids = stillThere(memory.ids, slots)
  const seen = plugged.isSubsetOf(memory.seen) ? memory.seen : memory.seen.union(plugged)
  const isUnsettled = atBoot !== undefined && !atBoot.isSure
  if (ids === memory.ids && seen === memory.seen && !isUnsettled) return memory
  const settled = isUnsettled && atBoot.plugged.equals(plugged) ? { ...atBoot, isSure: true } : undefined
  return { ...memory, ids, seen, atBoot: isUnsettled ? settled : atBoot }
}

function stillThere(ids: GuestMemory['ids'], slots: readonly VcpuSlot[]): GuestMemory['ids'] {
  if (ids.size === 0) return ids
  const kept = [...ids].filter(([, { index, device }]) => isSameDevice(deviceIn(slotOf(slots, index)), device))
  return kept.length === ids.size ? ids : new Map(kept)
}

function pluggedIds(slots: readonly VcpuSlot[]): CpuMap {
  return CpuMap.from(slots.filter(isPlugged).flatMap(({ vcpus }) => vcpus.map(({ id }) => id)))
}
