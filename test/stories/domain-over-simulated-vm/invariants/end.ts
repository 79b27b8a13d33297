// What the end of one call says, against what is so at that moment.
import {
  CpuMap,
  ScaleError,
  VcpuError,
  type ChangeResult,
  type ScaleResult,
  type VcpuChange,
} from '../../../../src/index.ts'
import type { Call, End } from '../call.ts'
import { faultOfClaim } from './claims.ts'
import { faultOfOutcome } from './outcome.ts'

/** What is wrong with it; `undefined` when nothing is. */
export function faultOfEnd(call: Call): string | undefined {
  const { end } = call
  if (end === undefined) return 'it has not ended'
  return faultOfBounds(call) ?? (end.state === 'done' ? faultOfResult(call, end) : faultOfError(call, end))
}

/** Every wait ends within the caller's bounds; a run of several has them for each step and reading. */
function faultOfBounds(call: Call): string | undefined {
  const { startMs, timeoutMs, undoMs, abortedAtMs, owner, wish } = call
  const now = owner.stage.clock.now()
  const isSingle = wish.kind === 'set' || wish.kind === 'guest-set'
  const most = isSingle ? timeoutMs + undoMs : 40 * (timeoutMs + undoMs)
  // A step gets a millisecond at least, and a few of them may come at the end.
  if (now - startMs > most + 5) return `it took ${now - startMs} ms`
  const overMs = Math.min(abortedAtMs ?? Infinity, owner.closedAtMs ?? Infinity)
  // A run undoes one step after the other, and then looks.
  const restMs = isSingle ? undoMs : 20 * undoMs
  if (now > Math.max(overMs, startMs) + restMs) return `it ended ${now - overMs} ms after its abort, or after close()`
  return undefined
}

function faultOfResult(call: Call, { value }: Extract<End, { state: 'done' }>): string | undefined {
  const { wish } = call
  switch (wish.kind) {
    case 'set': {
      const { changed, deviceId } = value as VcpuChange
      if (!call.sawWanted) return 'it resolved, and its slot was never so'
      if (changed.size === 0) return undefined
      if (!changed.equals(CpuMap.from(wish.ids))) return `changed is ${String(changed)}`
      return faultOfClaim(call, wish.online ? 'plugged' : 'unplugged', deviceId)
    }
    case 'guest-set': {
      const { changed } = value as ChangeResult
      if (!call.sawWanted) return 'it resolved, and the guest never showed it so'
      return changed.size > 0 && call.sent.length === 0 ? 'it changed something and sent nothing' : undefined
    }
    case 'states':
    case 'scale':
      return faultOfRun(call, value as ScaleResult)
  }
}

function faultOfRun({ wish, runningCounts, pluggedCounts }: Call, { online }: ScaleResult): string | undefined {
  if (wish.kind !== 'scale') return undefined
  if (online !== wish.count) return `it resolved with ${online}`
  const counts = wish.guest ? runningCounts : pluggedCounts
  return counts.has(online) ? undefined : `it resolved with ${online}, and there were ${[...counts].join(' or ')}`
}

function faultOfError(call: Call, { error }: Extract<End, { state: 'failed' }>): string | undefined {
  if (!(error instanceof VcpuError)) return `it rejected with ${String(error)}`
  call.snapshot = snapshotOf(error)
  if (!Object.isFrozen(error)) return `its ${error.name} is not frozen`
  const { outcome } = error
  if (outcome === undefined) return `its ${error.name} has no outcome`
  if (error.name === 'AbortError') {
    if (call.abortedAtMs === undefined) return 'an AbortError, and it was not aborted'
    if (error.cause !== call.controller.signal.reason) return 'an AbortError with another cause than its reason'
  }
  const fault = faultOfOutcome(call, outcome)
  if (fault !== undefined) return `${error.name} ${error.code} (${error.message}), outcome ${outcome}: ${fault}`
  if (error instanceof ScaleError && outcome === 'rejected' && error.changed.size > 0) {
    return `rejected, and changed is ${String(error.changed)}`
  }
  return undefined
}

/** All that an error says. */
export function snapshotOf(error: unknown): string {
  return error instanceof VcpuError ? JSON.stringify([error.name, error.message, error.outcome, error]) : ''
}
