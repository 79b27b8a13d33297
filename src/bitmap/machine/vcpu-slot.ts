import { CpuMap } from '../set/cpu-map.ts'
import type { CpuInstanceProperties } from './replies.ts'

/** A vCPU that QEMU runs. */
export interface PluggedVcpu {
  /** Its cpu-index. */
  readonly id: number
  readonly qomPath: string
  /** The host's id of the thread that runs it. */
  readonly hostThreadId: number
}

/** What QEMU plugs and unplugs as one: a vCPU, or all threads of a core on pseries. */
export interface VcpuSlot {
  /** The smallest cpu-index of the slot. */
  readonly firstId: number
  /** How many vCPUs the slot holds; their ids follow one another. */
  readonly count: number
  /** Made anew at each reading: thousands of slots that each keep a map of their own would cost their square in memory. */
  readonly ids: CpuMap
  /** The `driver` for `device_add`; `''` on a machine without hotplug, which does not say. */
  readonly type: string
  /** The very object of the reply, for `device_add` to have back. */
  readonly props: CpuInstanceProperties
  /** Where its device is; `null` while the slot is empty. */
  readonly qomPath: string | null
  /** Its vCPUs, ascending; none while the slot is empty. */
  readonly vcpus: readonly PluggedVcpu[]
  /** Whether QEMU would let it go (the guest may still refuse). */
  readonly offlinable: boolean
  /** What an empty slot lacks that QEMU lists and would not fill, or not to any use; absent where it would. */
  readonly neverFilled?: 'acpi' | 'x2apic' | undefined
}

/** A slot that holds a device. */
export interface PluggedSlot extends VcpuSlot {
  readonly qomPath: string
}

/** Whether the slot holds a device. */
export function isPlugged(slot: VcpuSlot): slot is PluggedSlot {
  return slot.qomPath !== null
}

/** Whether the slot is empty, and QEMU would fill it. */
export function isOnlinable(slot: VcpuSlot): boolean {
  return !isPlugged(slot) && slot.neverFilled === undefined
}

/** One shape for every slot: V8 reads thousands of them as fast as one. */
class Slot implements VcpuSlot {
  readonly firstId: number
  readonly count: number
  readonly type: string
  readonly props: CpuInstanceProperties
  readonly qomPath: string | null
  readonly vcpus: readonly PluggedVcpu[]
  readonly offlinable: boolean
  readonly neverFilled: VcpuSlot['neverFilled']

  constructor(slot: Omit<VcpuSlot, 'ids'>) {
    this.firstId = slot.firstId
    this.count = slot.count
    this.type = slot.type
    this.props = slot.props
    this.qomPath = slot.qomPath
    this.vcpus = slot.vcpus
    this.offlinable = slot.offlinable
    this.neverFilled = slot.neverFilled
  }

  get ids(): CpuMap {
    return CpuMap.range(this.firstId, this.firstId + this.count - 1)
  }

  /** In JSON a slot has its ids, too. */
  toJSON(): Pick<VcpuSlot, keyof VcpuSlot> {
    const { firstId, count, ids, type, props, qomPath, vcpus, offlinable, neverFilled } = this
    return { firstId, count, ids, type, props, qomPath, vcpus, offlinable, neverFilled }
  }
}

/** The slot with `ids` filled in. */
export function makeSlot(slot: Omit<VcpuSlot, 'ids'>): VcpuSlot {
  return new Slot(slot)
}

/**
 * The slot that holds `id`; `undefined` when none does, as for anything that is no id.
 *
 * @param slots - ascending, as {@link computeSlots} and {@link fixedSlots} return them
 * @param id - a cpu-index
 */
export function slotOf(slots: readonly VcpuSlot[], id: number): VcpuSlot | undefined {
  let low = 0
  let high = slots.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const slot = slots[middle]
    if (slot === undefined) return undefined
    if (id < slot.firstId) high = middle - 1
    else if (id >= slot.firstId + slot.count) low = middle + 1
    else return Number.isInteger(id) ? slot : undefined
  }
  return undefined
}
