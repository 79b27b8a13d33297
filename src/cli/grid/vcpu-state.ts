import type { CpuMap, Vcpu } from '../../index.ts'
import type { Ink } from '../render/style.ts'

/** What a picture of the vCPUs says of one of them. */
export interface VcpuState {
  /** One character, which says it without any colour. */
  readonly sign: string
  readonly ink: Ink
  readonly legend: string
  /** The same where there is little room. */
  readonly word: string
}

const FIXED: VcpuState = { sign: '#', ink: 'bold', legend: 'plugged, fixed', word: 'fixed' }
const MOVABLE: VcpuState = { sign: '+', ink: 'green', legend: 'plugged, can be unplugged', word: 'plugged' }
const IDLE: VcpuState = { sign: '!', ink: 'alarm', legend: 'plugged, but the guest does not run it', word: 'not run' }
const UNKNOWN: VcpuState = {
  sign: '?',
  ink: 'alarm',
  legend: 'plugged; not known whether the guest runs it',
  word: 'not known',
}
const FREE: VcpuState = { sign: '.', ink: 'dim', legend: 'free', word: 'free' }
const PENDING: VcpuState = { sign: '~', ink: 'yellow', legend: 'pending', word: 'pending' }
const REFUSED: VcpuState = { sign: 'x', ink: 'red', legend: 'the last request was refused', word: 'refused' }

/** Every state, in the order of a legend. */
export const VCPU_STATES: readonly VcpuState[] = [FIXED, MOVABLE, IDLE, UNKNOWN, PENDING, REFUSED, FREE]

/** What has been asked of vCPUs. */
export interface Requests {
  /** Requested, and neither done nor refused. */
  readonly pending: CpuMap
  /** Refused, and not requested again since. */
  readonly refused: CpuMap
}

/**
 * Is anything known of the guest? Where no vCPU has a guest's side the guest was not asked, or it cannot be known: that is
 * not an alarm.
 */
export function isGuestKnown(vcpus: readonly Vcpu[]): boolean {
  return vcpus.some(({ guest }) => guest !== null && guest.id !== null)
}

/**
 * The state of one vCPU.
 *
 * @param knowsGuest - see {@link isGuestKnown}
 */
export function stateOf(vcpu: Vcpu, knowsGuest: boolean, requests?: Requests): VcpuState {
  if (requests?.pending.has(vcpu.id) === true) return PENDING
  if (requests?.refused.has(vcpu.id) === true) return REFUSED
  if (!vcpu.online) return FREE
  if (knowsGuest && vcpu.guest?.confidence === 'unknown') return UNKNOWN
  if (knowsGuest && vcpu.guest?.online !== true) return IDLE
  return vcpu.offlinable ? MOVABLE : FIXED
}
