// The life of an unplug request, as a pure value.
//
//            QEMU answers {}          guest: OST 0x84
//   sent ───────────────────▶ accepted ──────────────▶ guest-working
//    │ │                          │                          │
//    │ └ no answer: unanswered ───┤                          │    RESET, or the connection was lost
//    │                            │                          │    before QEMU answered: stale. QEMU may
//    │ QEMU refuses               └──────────┬───────────────┘    keep the request, this boot of the
//    ▼                                       ▼                    guest does not have it
//  (dropped: no trace)      removed │ refused │ forgotten (QEMU is another one)
//
// The slot decides. `removed`: a reading asked for after the request shows the slot without the device. `refused`: the
// guest said so after QEMU had accepted the request, and a reading asked for after that still shows the device. What is
// heard before QEMU has answered belongs to an earlier request.
import { CpuMap } from '../../bitmap/set/cpu-map.ts'
import type { Device } from './device.ts'
import type { Moment } from './moment.ts'

/** How far a request has come, as far as is known. */
export type RequestState = 'sent' | 'unanswered' | 'accepted' | 'guest-working' | 'stale'

/** How a removal ended. */
export type RemovalEnd =
  | {
      readonly type: 'removed'
      /** The call to whose `changed` it belongs; `undefined` when no call waits any longer, and where somebody else did it. */
      readonly owner: number | undefined
    }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'forgotten' }

/** What is known of a request, apart from who waits for it. */
export type Before = Pick<Removal, 'request' | 'askedAt' | 'isDoubted' | 'refusal'>

/** One unplug request, and the calls that wait for it. */
export interface Removal {
  /** The tick at which it began: no two have the same. */
  readonly key: number
  readonly firstId: number
  readonly count: number
  readonly device: Device
  readonly request: RequestState
  /** When QEMU was asked last. */
  readonly askedAt: Moment
  /** A call gave up although the guest had not been heard: it may never have got the request. */
  readonly isDoubted: boolean
  /** QEMU has said that the device is gone: what is heard of its slot from then on is about another one. */
  readonly isGone: boolean
  /** What the guest refused with, and when it was heard. */
  readonly refusal: { readonly reason: string; readonly tick: number } | undefined
  /** What was known of it before QEMU was asked again, until QEMU has accepted that; otherwise `undefined`. */
  readonly before: Before | undefined
  /** The calls that wait for it, in the order in which they came. */
  readonly callers: readonly number[]
  readonly end: RemovalEnd | undefined
}

export function beginRemoval(
  slot: { readonly firstId: number; readonly count: number },
  device: Device,
  caller: number,
  askedAt: Moment,
): Removal {
  return {
    key: askedAt.tick,
    firstId: slot.firstId,
    count: slot.count,
    device,
    request: 'sent',
    askedAt,
    isDoubted: false,
    isGone: false,
    refusal: undefined,
    before: undefined,
    callers: [caller],
    end: undefined,
  }
}

/**
 * Is it still open, and was it asked of this QEMU and this boot of the guest, as far as is known? Over another connection
 * that may be another QEMU: there it counts for as long as a call waits for it.
 */
export function isPending({ request, end, askedAt, callers }: Removal, now: Moment): boolean {
  return end === undefined && request !== 'stale' && (askedAt.connection === now.connection || callers.length > 0)
}

/**
 * Is it certain that QEMU and this boot of the guest have the request? Where it is not, whoever wants the removal asks
 * again: `device_del` may be repeated.
 */
export function isCertain({ request, askedAt, isDoubted, refusal }: Removal, now: Moment): boolean {
  // One that the guest has refused leads nowhere any longer.
  if (refusal !== undefined) return false
  if (askedAt.connection !== now.connection || askedAt.boot !== now.boot) return false
  return request === 'guest-working' || ((request === 'sent' || request === 'accepted') && !isDoubted)
}

export function removalIds({ firstId, count }: Pick<Removal, 'firstId' | 'count'>): CpuMap {
  return CpuMap.range(firstId, firstId + count - 1)
}

export function askAgain(removal: Removal, askedAt: Moment): Removal {
  const { request, askedAt: before, isDoubted, refusal } = removal
  return {
    ...removal,
    request: 'sent',
    askedAt,
    isDoubted: false,
    refusal: undefined,
    before: { request, askedAt: before, isDoubted, refusal },
  }
}

/** QEMU refused to be asked: what it had accepted before stands; without that, nothing is left (`undefined`). */
export function withdraw(removal: Removal): Removal | undefined {
  return removal.before === undefined ? undefined : { ...removal, ...removal.before, before: undefined }
}

export function join(removal: Removal, caller: number): Removal {
  return removal.callers.includes(caller) ? removal : { ...removal, callers: [...removal.callers, caller] }
}

/** @param gaveUp - the call ended without knowing what becomes of the removal */
export function leave(removal: Removal, caller: number, gaveUp: boolean): Removal {
  if (!removal.callers.includes(caller)) return removal
  const callers = removal.callers.filter((other) => other !== caller)
  const isDoubted = removal.isDoubted || (gaveUp && removal.request !== 'guest-working')
  return { ...removal, callers, isDoubted }
}

/** QEMU answered `{}`. */
export function accept(removal: Removal): Removal {
  const isOpen = removal.request === 'sent' || removal.request === 'unanswered'
  return isOpen ? { ...removal, request: 'accepted', before: undefined } : removal
}

/** The guest has begun with it. */
export function startInGuest(removal: Removal): Removal {
  const { request, before } = removal
  if (before?.request === 'accepted') return { ...removal, before: { ...before, request: 'guest-working' } }
  return request === 'accepted' ? { ...removal, request: 'guest-working' } : removal
}

/** The guest refused. Heard before QEMU has answered, it is about an earlier request. */
export function refuse(removal: Removal, reason: string, tick: number): Removal {
  const { request, before, isGone } = removal
  if (isGone) return removal
  if (request !== 'sent') return { ...removal, refusal: { reason, tick } }
  if (before === undefined || before.request === 'sent') return removal
  return { ...removal, before: { ...before, refusal: { reason, tick } } }
}

/** The guest was reset. What QEMU has not answered yet, it may come upon after the reset: its date alone is old then. */
export function reset(removal: Removal): Removal {
  const { before } = removal
  return { ...removal, ...afterReset(removal), before: before && { ...before, ...afterReset(before) } }
}

function afterReset({ request }: Before): Pick<Removal, 'request' | 'refusal'> {
  const isHeard = request === 'accepted' || request === 'guest-working'
  return { request: isHeard ? 'stale' : request, refusal: undefined }
}

/** The connection was lost: what QEMU had not answered by then, it may never have got. */
export function disconnect(removal: Removal): Removal {
  const { before } = removal
  return { ...removal, ...afterLoss(removal), before: before && { ...before, ...afterLoss(before) } }
}

function afterLoss({ request, refusal }: Before): Pick<Removal, 'request' | 'refusal'> {
  const isUnheard = request === 'sent' || request === 'unanswered'
  return isUnheard ? { request: 'stale', refusal: undefined } : { request, refusal }
}

/**
 * What a reading means for it.
 *
 * @param isThere - the slot still holds the device
 * @param askedAtTick - when the reading was asked for
 */
export function look(removal: Removal, isThere: boolean, askedAtTick: number): Removal {
  if (removal.end !== undefined || askedAtTick < removal.askedAt.tick) return removal
  const { refusal } = removal
  if (!isThere) {
    // QEMU's answer comes first: it tells whose removal this is.
    if (removal.request === 'sent') return removal
    // What the guest had refused by then, somebody else removed.
    const isRefused = refusal !== undefined && refusal.tick <= askedAtTick
    return { ...removal, end: { type: 'removed', owner: isRefused ? undefined : removal.callers[0] } }
  }
  if (refusal === undefined || askedAtTick < refusal.tick) return removal
  return { ...removal, end: { type: 'refused', reason: refusal.reason } }
}
