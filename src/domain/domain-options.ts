import { foreignText } from '../errors/quote.ts'
import type { QgaExecutor } from '../qga/executor.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import type { CallOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import type { Endpoint, ReconnectMode } from '../wire/endpoint.ts'
import type { WireLimits } from '../wire/limits.ts'
import type { WireTrace } from '../wire/trace.ts'

/** How to reach a VM. */
export interface DomainOptions extends CallOptions {
  /**
   * The monitor: a socket path, `unix:PATH`, `{ host, port }`, `tcp:HOST:PORT`, a connected Duplex, a function that dials one
   * (and is called again after a loss), or an executor of the caller's own. Without it only the guest's CPUs can be seen and
   * changed, through `qga`.
   */
  readonly qmp?: Endpoint<QmpExecutor> | undefined
  /** The guest agent's channel, in the same forms. Without it only QEMU's side can be seen and changed. */
  readonly qga?: Endpoint<QgaExecutor> | undefined
  /**
   * Open the agent's channel at its first use and not at once, so that a VM whose channel is missing can be connected all
   * the same.
   */
  readonly lazyAgent?: boolean | undefined
  /** Sees all traffic of connections that are made here. */
  readonly trace?: WireTrace | undefined
  /** What the VM is called in errors, traces and channels; unless given, made from where its monitor is. */
  readonly name?: string | undefined
  /**
   * When a lost connection is made again: at the next call (`'on-demand'`, the default), in the background as soon as it is
   * lost (`'eager'`), or never (`false`). Nothing is ever sent twice.
   */
  readonly reconnect?: ReconnectMode | undefined
  /**
   * How much each connection that is made here may cost: bytes, depth and number of values of a message, events, commands
   * and bytes that wait, time. Those that are not given have the defaults of docs/limits.md.
   */
  readonly limits?: { readonly qmp?: Partial<WireLimits>; readonly qga?: Partial<WireLimits> } | undefined
  /** Where time comes from; a simulation may give its own. */
  readonly clock?: Clock | undefined
}

/** Where the monitor is, for people. */
export function nameOf(endpoint: Endpoint<QmpExecutor | QgaExecutor> | undefined): string {
  if (typeof endpoint === 'string') return foreignText(endpoint)
  if (typeof endpoint === 'object' && 'port' in endpoint) return foreignText(`${endpoint.host}:${endpoint.port}`)
  return 'a VM'
}
