import { slotOf, type VcpuSlot } from '../../bitmap/machine/vcpu-slot.ts'
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import { addId } from '../../bitmap/set/words.ts'
import { holdsDevice, type Device } from './device.ts'
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

/** A CPU that the guest was asked to turn on, and did not. */
export interface FailedStart extends KeptId {
  /** Why, in the agent's words. */
  readonly words: string
}

/**
 * What the guest said of itself in this boot, and what was plugged in it. It is kept until something says that it may be
 * so no longer: the device has gone, a reset, another connection or QEMU, a port of the guest's that opened or closed (its
 * agent's, perhaps); and not at all where no events are heard.
 */
export interface GuestMemory {
  /** By guest id. */
  readonly ids: ReadonlyMap<number, KeptId>
  /** By guest id. */
  readonly failedStarts: ReadonlyMap<number, FailedStart>
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

/** What became of CPUs that the guest was asked to turn on. */
export interface GuestTurned {
  /** When it was asked. */
  readonly askedAt: Moment
  /** Those that are on now. */
  readonly on: CpuMap
  /** Those that are not. */
  readonly failed: CpuMap
  /** Why, in the agent's words. */
  readonly words: string
}

export const NOTHING_KEPT: GuestMemory = {
  ids: new Map(),
  failedStarts: new Map(),
  kernel: undefined,
  doubtedAt: 0,
  atBoot: undefined,
  seen: CpuMap.empty,
}

/** Take in what the guest said, unless that is about another time. */
export function remember(memory: GuestMemory, now: Moment, slots: readonly VcpuSlot[], said: GuestSaid): GuestMemory {
  const { askedAt, ids = memory.ids, kernel = memory.kernel } = said
  return isOfNow(memory, now, askedAt) ? { ...memory, ids: stillThere(ids, slots), kernel } : memory
}

/** Keep which CPUs did not start, of those that are known to be a certain vCPU. It is kept for as long as that device lives. */
export function rememberTurn(memory: GuestMemory, now: Moment, turned: GuestTurned): GuestMemory {
  const { askedAt, on, failed, words } = turned
  if (!isOfNow(memory, now, askedAt)) return memory
  const failedStarts = new Map([...memory.failedStarts].filter(([id]) => !on.has(id)))
  for (const id of failed) {
    const kept = memory.ids.get(id)
    if (kept !== undefined) failedStarts.set(id, { ...kept, words })
  }
  return { ...memory, failedStarts }
}

function isOfNow({ doubtedAt }: GuestMemory, now: Moment, { connection, boot, tick }: Moment): boolean {
  return connection === now.connection && boot === now.boot && tick >= doubtedAt
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
  const failedStarts = stillThere(memory.failedStarts, slots)
  const seen = plugged.isSubsetOf(memory.seen) ? memory.seen : memory.seen.union(plugged)
  const isUnsettled = atBoot !== undefined && !atBoot.isSure
  const isSame = ids === memory.ids && failedStarts === memory.failedStarts && seen === memory.seen
  if (isSame && !isUnsettled) return memory
  const settled = isUnsettled && atBoot.plugged.equals(plugged) ? { ...atBoot, isSure: true } : undefined
  return { ...memory, ids, failedStarts, seen, atBoot: isUnsettled ? settled : atBoot }
}

/** What is about devices that are still there. */
function stillThere<T extends KeptId>(
  kept: ReadonlyMap<number, T>,
  slots: readonly VcpuSlot[],
): ReadonlyMap<number, T> {
  if (kept.size === 0) return kept
  const left = [...kept].filter(([, { index, device }]) => holdsDevice(slotOf(slots, index), device))
  return left.length === kept.size ? kept : new Map(left)
}

function pluggedIds(slots: readonly VcpuSlot[]): CpuMap {
  const words: number[] = []
  for (const { vcpus } of slots) for (const { id } of vcpus) addId(words, id)
  return CpuMap.ofWords(words)
}
