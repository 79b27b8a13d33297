import type { Duplex } from 'node:stream'
import type { CallOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import { Deadline } from '../wire/deadline.ts'
import { QMP_CONNECT_TIMEOUT_MS } from '../wire/defaults.ts'
import type { QmpExecutor } from './executor.ts'

/** How to open a monitor. */
export interface OpenMonitorOptions extends CallOptions {
  /**
   * The directory that its socket is made in, for a moment: QEMU's user must be able to create files there, and others must
   * not be able to connect. Unless given, a new one below the system's directory for temporary files that only this user may
   * enter: for a QEMU of the same user, or of root.
   */
  readonly directory?: string | undefined
  /** What every wait goes by. */
  readonly clock?: Clock | undefined
}

/**
 * Make another monitor through one that somebody else holds, and connect to it: QEMU 11.1 and later. It is this caller's alone,
 * has events of its own, and QEMU removes it when the connection ends. Nothing is left where it fails, unless the error says
 * what. As a function, it is an endpoint that can be connected again:
 *
 * ```ts
 * await Domain.connect({ qmp: () => openMonitor(executor) })
 * ```
 *
 * QEMU must run on this host, and see the same file system.
 *
 * @param executor - any way to run commands: a daemon's own client, or `virsh qemu-monitor-command`
 * @returns a connected stream, at whose other end QEMU greets
 * @throws {@link ConnectionError} `ERR_NO_RUNTIME_MONITOR` where this QEMU cannot make one; nothing was changed;
 *   `ERR_CONNECT` where it made one that cannot be reached
 * @throws {@link CommandError} where QEMU refuses, such as a directory that it may not write to
 * @throws what the executor rejects with, and the signal's reason
 */
export async function openMonitor(executor: QmpExecutor, options: OpenMonitorOptions = {}): Promise<Duplex> {
  const deadline = new Deadline(options, QMP_CONNECT_TIMEOUT_MS, options.clock)
  deadline.signal?.throwIfAborted()
  // Here and not above: few need it.
  const { makeMonitor } = await import('./make-monitor.ts')
  return makeMonitor(executor, options.directory, deadline)
}
