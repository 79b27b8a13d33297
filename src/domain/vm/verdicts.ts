import type { Removal } from './removal.ts'
import type { VmState } from './state.ts'

/**
 * Has QEMU said of a removal that a call waits for how it ends: that the device is gone, or for the first time that the
 * guest refuses? Each request has one such word of each kind, so that a guest cannot cause them without end.
 */
export function hasNewVerdict(before: VmState, after: VmState): boolean {
  if (before.removals === after.removals) return false
  return after.removals.some((removal) => {
    const was = before.removals.find(({ key }) => key === removal.key)
    return was !== undefined && removal.callers.length > 0 && isNewVerdict(was, removal)
  })
}

function isNewVerdict(was: Removal, is: Removal): boolean {
  return (is.isGone && !was.isGone) || (is.refusal !== undefined && was.refusal === undefined)
}
