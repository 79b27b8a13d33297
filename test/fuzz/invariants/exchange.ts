// What must hold of each exchange when it settles.
import { AbortError, VcpuError } from '../../../src/index.ts'
import { faultOfEnd } from '../../stories/domain-over-simulated-vm/invariants/end.ts'
import type { Exchange } from '../subject/exchange.ts'
import { faultOfClass } from './error-union.ts'
import { faultOfErrorText } from './text.ts'
import { faultOfTwice } from './sent.ts'

/** A step gets a millisecond at least, and a few of them may come at the end. */
const SLACK_MS = 5

/**
 * What is wrong with how it ended; `undefined` when nothing is.
 *
 * @param isLiedTo - what the peers said of themselves may have been false: nothing that follows from it is held against the
 *   subject
 */
export function faultOfExchange(exchange: Exchange, isLiedTo: boolean): string | undefined {
  const { call, settlements } = exchange
  if (settlements > 1) return `it settled ${settlements} times`
  const fault = faultOfTime(exchange) ?? faultOfError(exchange) ?? (call === undefined ? undefined : faultOfTwice(call))
  if (fault !== undefined || call === undefined) return fault
  return isLiedTo || exchange.isCommand || isAdopted(exchange) ? undefined : faultOfEnd(call)
}

function faultOfTime({ startMs, endMs, mostMs, abortedAtMs, call, isCommand }: Exchange): string | undefined {
  if (endMs - startMs > mostMs + SLACK_MS) return `it took ${endMs - startMs} ms, at most ${mostMs} are its`
  const isLate = call === undefined && !isCommand && abortedAtMs !== undefined && endMs > abortedAtMs
  return isLate ? `it ended ${endMs - abortedAtMs} ms after its abort` : undefined
}

function faultOfError({ end, controller, call }: Exchange): string | undefined {
  if (end?.state !== 'failed') return undefined
  const { error } = end
  const { signal } = controller
  if (signal.aborted && error === signal.reason) {
    return call === undefined
      ? undefined
      : 'a change that is aborted rejects with an AbortError, not with the bare reason'
  }
  const fault = faultOfClass(error) ?? faultOfErrorText(error)
  if (fault !== undefined) return fault
  if (call === undefined || !(error instanceof VcpuError)) return undefined
  if (error.outcome === undefined) return `its ${error.name} ${error.code} has no outcome`
  if (error instanceof AbortError && error.cause !== signal.reason)
    return 'its AbortError has another cause than the reason'
  if (error.outcome === 'not-sent' && call.sent.length > 0) {
    return `it is not-sent, and sent ${call.sent.map(({ command }) => command).join()}`
  }
  return undefined
}

/** An unplug that another call asked for, and gave up, belongs to the one that joined it: it can be `partial` itself. */
function isAdopted({ call, end }: Exchange): boolean {
  const error = end?.state === 'failed' ? end.error : undefined
  if (!(error instanceof VcpuError) || error.outcome !== 'partial' || call === undefined) return false
  const { wish, sent, owner } = call
  const ids = wish.kind === 'set' && !wish.online ? wish.ids : []
  return (
    sent.length === 0 && owner.sent.some(({ device }) => device?.vcpus.some(({ cpuIndex }) => ids.includes(cpuIndex)))
  )
}
