import type { CallOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import { WIRE_LIMITS, type WireLimits } from '../wire/limits.ts'
import type { WireTrace } from '../wire/trace.ts'

/** Cap on one message of the agent, in bytes: `guest-get-vcpus` of 65,536 vCPUs. */
export const DEFAULT_MAX_MESSAGE_BYTES = WIRE_LIMITS.messageBytes.qga

/** How to connect. */
export interface QgaConnectOptions extends CallOptions {
  /**
   * Sync before resolving (the default), so that a resolved `connect()` means that an agent answered. With `false` only
   * the channel is opened and the first command syncs: a guest that is still booting has no agent yet.
   */
  readonly sync?: boolean
  /** How much the connection may cost; docs/limits.md has the defaults. */
  readonly limits?: Partial<WireLimits>
  /** The same as `limits.messageBytes`, which goes first. */
  readonly maxMessageBytes?: number
  /** Sees all traffic. */
  readonly trace?: WireTrace
  /** The VM's name, for traces. */
  readonly vm?: string
  /** What every wait of this client goes by. */
  readonly clock?: Clock
  /** Called synchronously, once, with the first cause of closing, when every call has been rejected. */
  readonly onClosed?: (cause: Error) => void
}
