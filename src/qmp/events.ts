import type { AcpiOst } from '../bitmap/machine/replies.ts'
import { ProtocolError } from '../errors/peer-errors.ts'
import { Field } from '../wire/decode.ts'
import { isObject, own, type WireMessage } from '../wire/message.ts'
import { decodeAcpiOst } from './commands.ts'
import type { QmpEvent } from './executor.ts'

/** A device that went, or that the guest would not let go. */
export interface DeviceEventData {
  /** The device's id; absent for one that has none, such as a vCPU of `-smp`. */
  readonly device?: string
  readonly path: string
}

/** The events that this project uses, and their data in the wire's spelling. */
export interface QmpEvents {
  DEVICE_DELETED: DeviceEventData
  DEVICE_UNPLUG_GUEST_ERROR: DeviceEventData
  ACPI_DEVICE_OST: { readonly info: AcpiOst }
  RESET: { readonly guest: boolean; readonly reason?: string }
  SHUTDOWN: { readonly guest: boolean; readonly reason?: string }
  GUEST_PANICKED: { readonly action: string }
  STOP: Readonly<Record<string, never>>
  RESUME: Readonly<Record<string, never>>
  VSERPORT_CHANGE: { readonly id: string; readonly open: boolean }
}

/** An event of {@link QmpEvents}. */
export type QmpEventName = keyof QmpEvents

/** One of the known events, its data checked; tell them apart by `event`. */
export type KnownQmpEvent = {
  readonly [N in QmpEventName]: {
    readonly event: N
    readonly data: QmpEvents[N]
    readonly timestamp: QmpEvent['timestamp']
  }
}[QmpEventName]

const decoders: { readonly [N in QmpEventName]: (data: Field) => QmpEvents[N] } = {
  DEVICE_DELETED: decodeDevice,
  DEVICE_UNPLUG_GUEST_ERROR: decodeDevice,
  ACPI_DEVICE_OST: (data) => ({ info: decodeAcpiOst(data.at('info')) }),
  RESET: decodeGuestReason,
  SHUTDOWN: decodeGuestReason,
  GUEST_PANICKED: (data) => ({ action: data.at('action').string() }),
  STOP: () => ({}),
  RESUME: () => ({}),
  VSERPORT_CHANGE: (data) => ({ id: data.at('id').string(), open: data.at('open').boolean() }),
}

/**
 * Give an event its type; `undefined` for events that this project has no use for.
 *
 * @throws {@link ProtocolError} for a known event whose data is not as QEMU's schema has it
 */
export function knownEvent(event: QmpEvent): KnownQmpEvent | undefined {
  if (!Object.hasOwn(decoders, event.event)) return undefined
  const name = event.event as QmpEventName
  return { event: name, data: decoders[name](new Field(name, event.data)), timestamp: event.timestamp } as KnownQmpEvent
}

/**
 * Read an event's envelope.
 *
 * @throws {@link ProtocolError} when it has no name or its data is no object
 */
export function decodeEvent(message: WireMessage): QmpEvent {
  const event = own(message, 'event')
  const data = own(message, 'data') ?? {}
  if (typeof event !== 'string' || !isObject(data)) throw new ProtocolError('an event without a name, or with odd data')
  const stamp = own(message, 'timestamp')
  const field = new Field('timestamp', isObject(stamp) ? stamp : {})
  const seconds = field.at('seconds').value
  const microseconds = field.at('microseconds').value
  return {
    event,
    data,
    timestamp: {
      seconds: typeof seconds === 'number' ? seconds : -1,
      microseconds: typeof microseconds === 'number' ? microseconds : -1,
    },
  }
}

function decodeDevice(data: Field): DeviceEventData {
  const device = data.optional('device', (field) => field.string())
  return { path: data.at('path').string(), ...(device === undefined ? {} : { device }) }
}

function decodeGuestReason(data: Field): { readonly guest: boolean; readonly reason?: string } {
  const reason = data.optional('reason', (field) => field.string())
  return { guest: data.at('guest').boolean(), ...(reason === undefined ? {} : { reason }) }
}
