import type { VmState } from './state.ts'

/** Whether the monitor is connected, lost and to be connected again, or the domain closed. */
export type DomainState = 'connected' | 'reconnecting' | 'closed'

/** A state, and why it is so where there is a reason. */
export type DomainStateChange =
  | { readonly state: 'connected' }
  | { readonly state: 'reconnecting'; readonly cause: Error }
  | { readonly state: 'closed' }

/** The part of a VM's state that is about its monitor's connection. */
export function phaseOf({ closedBy, isConnected }: VmState): DomainState {
  if (closedBy !== undefined) return 'closed'
  return isConnected ? 'connected' : 'reconnecting'
}

/** The same with its cause. */
export function phaseChangeOf(vm: VmState): DomainStateChange {
  const state = phaseOf(vm)
  if (state !== 'reconnecting') return { state }
  return { state, cause: vm.lostBy ?? new Error('not connected yet') }
}
