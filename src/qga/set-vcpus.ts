import { CommandError, ProtocolError } from '../errors/peer-errors.ts'
import { restate } from '../errors/restate.ts'
import { VcpuError, type Outcome, type VcpuErrorOptions } from '../errors/vcpu-error.ts'
import type { ExecuteOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import { Deadline } from '../wire/deadline.ts'
import { QGA_SET_VCPUS_TIMEOUT_MS } from '../wire/defaults.ts'
import { callQga, type GuestCpuChange } from './commands.ts'
import type { QgaExecutor } from './executor.ts'

/**
 * The agent carried out some of the entries and failed at one. {@link PartialChangeError.applied} counts the leading
 * entries that were carried out; `cause` is the failing entry's own error.
 */
export class PartialChangeError extends VcpuError {
  override readonly name = 'PartialChangeError'
  declare readonly code: 'ERR_PARTIAL'
  /** How many leading entries were carried out. */
  readonly applied: number
  /** The entry that failed. */
  readonly failed: GuestCpuChange

  constructor(message: string, applied: number, failed: GuestCpuChange, options: VcpuErrorOptions) {
    super('ERR_PARTIAL', message, { outcome: 'partial', ...options })
    this.applied = applied
    this.failed = failed
  }
}

/**
 * Turn guest CPUs on or off, in order, until all are done or one fails.
 *
 * The agent stops at the first entry that fails and reports only how many went before; its error is told only when the
 * failing entry is the first (qga/qapi-schema.json). So the rest is asked again from there, to learn why.
 *
 * @throws {@link CommandError} when the first entry fails: nothing was changed (`outcome: 'rejected'`)
 * @throws {@link PartialChangeError} when a later one does
 * @throws {@link ProtocolError} when the agent claims to have done more than it was asked, or nothing without an error
 */
export async function setGuestVcpus(
  executor: QgaExecutor,
  changes: readonly GuestCpuChange[],
  options: Pick<ExecuteOptions, 'signal' | 'timeoutMs' | 'onUnsent' | 'beforeSend'> & {
    readonly clock?: Clock | undefined
  } = {},
): Promise<void> {
  const deadline = new Deadline(options, QGA_SET_VCPUS_TIMEOUT_MS, options.clock)
  let applied = 0
  for (;;) {
    const rest = changes.slice(applied)
    const [failed] = rest
    if (failed === undefined) return
    // What was done before has left.
    const onUnsent = applied === 0 ? options.onUnsent : undefined
    const { beforeSend } = options
    const done = await callRest(executor, rest, applied, failed, { ...deadline.options(), onUnsent, beforeSend })
    if (done < 1 || done > rest.length) {
      throw new ProtocolError(`guest-set-vcpus says it did ${done} of ${rest.length} entries`, { outcome: 'unknown' })
    }
    applied += done
  }
}

async function callRest(
  executor: QgaExecutor,
  rest: readonly GuestCpuChange[],
  applied: number,
  failed: GuestCpuChange,
  options: ExecuteOptions,
): Promise<number> {
  try {
    return await callQga(executor, 'guest-set-vcpus', { vcpus: rest }, options)
  } catch (cause) {
    // The reason of a caller's signal is the caller's own, and may be anything.
    if (options.signal?.aborted === true && cause === options.signal.reason) throw cause
    if (!(cause instanceof CommandError)) {
      throw cause instanceof VcpuError ? restate(cause, outcomeOf(cause, applied)) : cause
    }
    if (applied === 0) throw cause
    throw new PartialChangeError(
      `the guest did ${applied} of ${applied + rest.length} changes, then failed to turn its CPU ${failed['logical-id']} ` +
        `${failed.online ? 'on' : 'off'}: ${cause.description}`,
      applied,
      failed,
      { cause },
    )
  }
}

/** Of the whole change, when a step of it failed without the agent saying why. */
function outcomeOf(cause: VcpuError, applied: number): Outcome {
  if (cause.outcome !== 'not-sent') return 'unknown'
  return applied === 0 ? 'not-sent' : 'partial'
}
