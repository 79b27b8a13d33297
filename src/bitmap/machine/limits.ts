import { apicIds, areApicIdsWithin, MAX_XAPIC_ID } from './apic-id.ts'
import { isPlugged, makeSlot, type VcpuSlot } from './vcpu-slot.ts'

/**
 * What else decides, beside the slots, whether QEMU fills and empties them. `undefined`: not known, and then nothing is
 * concluded from it.
 */
export interface MachineLimits {
  /** x86: the machine's property `acpi`. `off`: no guest hears of a plug, and no unplug ends. */
  readonly acpi?: string | undefined
  /** x86: whether the CPU model has x2APIC, without which APIC ids end at 254. */
  readonly x2apic?: boolean | undefined
}

/** Does the machine lack the ACPI by which x86 plugs and unplugs? */
export function lacksAcpi({ acpi }: MachineLimits): boolean {
  return acpi === 'off'
}

/**
 * Whether a slot is empty whose APIC id only a CPU model with x2APIC can have: where none is, there is no need to ask
 * for the model.
 *
 * @param slots - of an x86 machine
 */
export function needsX2apic(slots: readonly VcpuSlot[]): boolean {
  if (areApicIdsWithin(slots, MAX_XAPIC_ID)) return false
  const isPast = pastXapic(slots)
  return slots.some((slot) => !isPlugged(slot) && isPast(slot))
}

/** The slots of an x86 machine as its limits leave them. */
export function limitSlots(slots: readonly VcpuSlot[], limits: MachineLimits): readonly VcpuSlot[] {
  if (lacksAcpi(limits)) {
    return slots.map((slot) =>
      makeSlot({ ...slot, offlinable: false, ...(isPlugged(slot) ? {} : { neverFilled: 'acpi' }) }),
    )
  }
  if (limits.x2apic !== false) return slots
  const isPast = pastXapic(slots)
  return slots.map((slot) => (isPlugged(slot) || !isPast(slot) ? slot : makeSlot({ ...slot, neverFilled: 'x2apic' })))
}

function pastXapic(slots: readonly VcpuSlot[]): (slot: VcpuSlot) => boolean {
  const apicIdOf = apicIds(slots)
  return (slot) => (apicIdOf(slot) ?? 0) > MAX_XAPIC_ID
}
