// The life of a plug, as a pure value, for as long as the call that plugs waits for the guest.
//
//            QEMU answers {}               guest: OST 0
//   sent ───────────────────▶ accepted ───────────────────▶ acknowledged
//                                 │        guest: OST, another status
//                                 └───────────────────────▶ refused
//
// That QEMU runs the vCPU is seen in a reading, that the guest has it in the guest's own list. An acknowledgement is
// neither.
import type { Moment } from './moment.ts'

/** What the guest has answered to a plug. */
export type PlugAck =
  { readonly type: 'none' } | { readonly type: 'accepted' } | { readonly type: 'refused'; readonly status: number }

/** One plug that a call waits for. */
export interface Plug {
  readonly deviceId: string
  readonly firstId: number
  readonly sentAt: Moment
  readonly isAccepted: boolean
  readonly ack: PlugAck
}

/** What the guest reports of a plug (`ACPI_DEVICE_OST`, source event 1). */
export interface PlugReport {
  readonly firstId: number
  readonly deviceId: string | undefined
  readonly status: number
}

/** Take in a report, if it is about this plug: the slot's last device may be reported late. */
export function hear(plug: Plug, { firstId, deviceId, status }: PlugReport): Plug {
  if (firstId !== plug.firstId) return plug
  // QEMU names a device that was given an id; a report without a name can only be ours once QEMU has taken ours.
  if (deviceId === undefined ? !plug.isAccepted : deviceId !== plug.deviceId) return plug
  return { ...plug, ack: status === 0 ? { type: 'accepted' } : { type: 'refused', status } }
}
