import type { CallOptions, ExecuteOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import { WIRE_LIMITS, type WireLimits } from '../wire/limits.ts'
import type { WireTrace } from '../wire/trace.ts'
import type { QmpEvent } from './executor.ts'
import type { QmpGreeting } from './greeting.ts'

/** Cap on one message of QEMU, in bytes: ten times the reply for 4,096 slots. */
export const DEFAULT_MAX_MESSAGE_BYTES = WIRE_LIMITS.messageBytes.qmp

/** How to connect. */
export interface QmpConnectOptions extends CallOptions {
  /** Ask for out-of-band execution, where the monitor offers it. */
  readonly oob?: boolean
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
  /**
   * Called synchronously with each event, before and after replies as they came on the wire, and with how many bytes it came
   * as. What it throws closes the connection.
   */
  readonly onEvent?: (event: QmpEvent, bytes: number) => void
  /** Called synchronously when the monitor has greeted, before anything behind the greeting is delivered. */
  readonly onGreeting?: (greeting: QmpGreeting) => void
  /** Called synchronously, once, with the first cause of closing, when every call has been rejected. */
  readonly onClosed?: (cause: Error) => void
}

/** How to run one command. */
export interface QmpCallOptions extends ExecuteOptions {
  /** Run it out of band, overtaking what waits. Only where `oob` was negotiated and QEMU allows it for the command. */
  readonly oob?: boolean
}
