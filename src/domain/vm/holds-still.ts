import { OST_SOURCE } from '../../bitmap/machine/ost.ts'
import { deviceIdOf } from '../../bitmap/machine/device-path.ts'
import type { AcpiOst } from '../../bitmap/machine/replies.ts'
import { isPlugged, slotOf } from '../../bitmap/machine/vcpu-slot.ts'
import type { KnownQmpEvent } from '../../qmp/events.ts'
import type { VmInput } from './input.ts'
import type { VmState } from './state.ts'

/**
 * Whether the slots may be other than the latest reading shows, now that this was taken in. A plug by another client of
 * QEMU's is not heard at all: nothing may be concluded from a reading that "still holds" but what QEMU checks itself.
 *
 * What QEMU is asked for, it may do at any time until it answers.
 *
 * @param state - with the input taken in
 */
export function mayChangeSlots(state: VmState, input: VmInput): boolean {
  switch (input.type) {
    case 'connected':
    case 'disconnected':
    case 'closed':
    case 'events-ended':
    case 'plug-sent':
    case 'plug-accepted':
    case 'unplug-sent':
    case 'unplug-accepted':
      return true
    case 'event':
      return !isKnown(state, input.event)
    default:
      return false
  }
}

/** Does the event only say what was known: that the guest has heard of a plug? */
function isKnown(state: VmState, event: KnownQmpEvent): boolean {
  return event.event === 'ACPI_DEVICE_OST' && isKnownPlug(state, event.data.info)
}

function isKnownPlug({ reading, plugs }: VmState, { source, slot, device, 'slot-type': type }: AcpiOst): boolean {
  if (type !== 'CPU' || source !== OST_SOURCE.deviceCheck || !/^\d{1,9}$/.test(slot)) return false
  const firstId = Number(slot)
  const shown = slotOf(reading?.slots ?? [], firstId)
  if (shown !== undefined && isPlugged(shown) && (device === undefined || device === deviceIdOf(shown.qomPath))) {
    return true
  }
  return plugs.some((plug) => plug.firstId === firstId && plug.deviceId === device)
}
