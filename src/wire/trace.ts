import { channel } from 'node:diagnostics_channel'

/** One piece of traffic as it crossed the socket, before any decoding. */
export interface WireTraceEntry {
  /** Which connection: `qmp`, `qga`, or `qmp-multiplexer`, which is what a multiplexer says to its clients and they to it. */
  readonly label: string
  /** Of which VM: the Domain's name; absent for a client of its own that was given none. */
  readonly vm?: string | undefined
  readonly direction: 'in' | 'out'
  /** A view that is only good during the call. Copy what you keep. */
  readonly bytes: Uint8Array
}

/** Sees every byte of a connection, in order. The fixture recorder is one. */
export type WireTrace = (entry: WireTraceEntry) => void

/** Name of the diagnostics channel on which every connection publishes its {@link WireTraceEntry}s. */
export const WIRE_CHANNEL = 'qemu-vcpu:wire'

const wireChannel = channel(WIRE_CHANNEL)

/** Publish one piece of traffic to the trace of its connection and to whoever subscribed the channel. */
export function publishTraffic(trace: WireTrace | undefined, entry: WireTraceEntry): void {
  trace?.(entry)
  if (wireChannel.hasSubscribers) wireChannel.publish(entry)
}

/** Does anybody look at the traffic? */
export function isTraced(trace: WireTrace | undefined): boolean {
  return trace !== undefined || wireChannel.hasSubscribers
}
