import { foreignText } from '../errors/quote.ts'
import type { QgaExecutor } from '../qga/executor.ts'
import type { QmpExecutor } from '../qmp/executor.ts'
import type { CallOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import type { Endpoint, ReconnectMode } from '../wire/endpoint.ts'
import type { WireLimits } from '../wire/limits.ts'
import type { WireTrace } from '../wire/trace.ts'
import type { DomainLimits } from './limits.ts'

/** Limits of a Domain and of the connections that are made for it (docs/limits.md). */
export interface DomainConnectLimits extends DomainLimits {
  /** Of the monitor's connection: bytes, depth and values of a message, events, commands and bytes that wait, time. */
  readonly qmp?: Partial<WireLimits> | undefined
  /** The same of the agent's. */
  readonly qga?: Partial<WireLimits> | undefined
}

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
   * lost (`'eager'`), or never (`false`). Nothing is ever sent twice. Between failed dials there is a pause, which grows: to
   * 0.8 s where a failure costs nothing (a UNIX socket at which nothing listens), so that a return is seen within a second,
   * and to 5 s for all else.
   */
  readonly reconnect?: ReconnectMode | undefined
  /** What this Domain does and takes in at most, and what each of its connections may cost; each limit has a default. */
  readonly limits?: DomainConnectLimits | undefined
  /** Where time comes from; a simulation may give its own. */
  readonly clock?: Clock | undefined
}

/** Where the monitor is, for people. */
export function nameOf(endpoint: Endpoint<QmpExecutor | QgaExecutor> | undefined): string {
  if (typeof endpoint === 'string') return foreignText(endpoint)
  if (typeof endpoint === 'object' && 'port' in endpoint) return foreignText(`${endpoint.host}:${endpoint.port}`)
  return 'a VM'
}
