import { CpuMap, foreignText, RefusedError, type CallOptions, type Domain, type Vcpu } from '../../index.ts'
import { topologyText } from '../render/topology.ts'
import type { Action } from './keys.ts'

/** A change that a key asks for, of one slot in QEMU or one CPU in the guest. */
export interface Change {
  readonly action: Action
  /** The vCPU that was pointed at. */
  readonly id: number
  /** All vCPUs that change with it. */
  readonly ids: CpuMap
  /** The guest's CPU that it is, where that is what changes. */
  readonly guestId: number | null
  /** What will be done, as a question without its question mark. */
  readonly title: string
  /** What else to know before it is done. */
  readonly notes: readonly string[]
}

/** The change that an action makes to a vCPU, or why it makes no change. */
export function planChange(action: Action, vcpu: Vcpu, hasAgent: boolean): Change | string {
  return action === 'plug' || action === 'unplug'
    ? planInQemu(action, vcpu, hasAgent)
    : planInGuest(action, vcpu, hasAgent)
}

function planInQemu(action: 'plug' | 'unplug', vcpu: Vcpu, hasAgent: boolean): Change | string {
  const { id, online, onlinable, offlinable, slot, props, guest } = vcpu
  if (online === (action === 'plug')) return `vCPU ${id} is ${online ? 'plugged' : 'not plugged'} already`
  if (action === 'plug' && !onlinable) return `vCPU ${id} cannot be plugged`
  if (action === 'unplug' && !offlinable) return `vCPU ${id} cannot be unplugged`
  const ids = CpuMap.from(slot)
  const notes = [
    ...(ids.size > 1 ? [`QEMU changes these ${ids.size} as one slot.`] : []),
    `Place: ${topologyText(props)}.`,
    ...(action === 'plug'
      ? [hasAgent ? 'The guest may leave it off: then o turns it on.' : 'The guest may leave it off.']
      : []),
    ...(action === 'unplug' && guest?.online === true ? [`The guest runs it as CPU ${guest.id}, and can refuse.`] : []),
  ]
  return { action, id, ids, guestId: null, title: `${capital(action)} ${named(ids)}`, notes }
}

function planInGuest(action: 'on' | 'off', { id, online, guest }: Vcpu, hasAgent: boolean): Change | string {
  if (!hasAgent) return `${action} needs the guest agent (--qga)`
  if (!online) return `vCPU ${id} is not plugged`
  if (guest === null) return `the guest has no CPU for vCPU ${id}`
  if (guest.id === null) return `it is not known which CPU of the guest vCPU ${id} is`
  if (guest.online === (action === 'on')) return `CPU ${guest.id} of the guest is ${action} already`
  if (!guest.canOffline) return `the guest cannot turn its CPU ${guest.id} ${action}`
  const notes = [`It is vCPU ${id} (${guest.confidence}).`, ...(action === 'off' ? [`vCPU ${id} stays plugged.`] : [])]
  return {
    action,
    id,
    ids: CpuMap.of(id),
    guestId: guest.id,
    title: `Turn ${action} CPU ${guest.id} of the guest`,
    notes,
  }
}

/** What a change is called while it runs and in the list of events: `plug vCPU 5`, `turn on CPU 2 of the guest`. */
export function nameOf({ title }: Change): string {
  return title.slice(0, 1).toLowerCase() + title.slice(1)
}

/**
 * Carry a change out.
 *
 * @returns what has become of it, in words
 * @throws what `Domain.setVcpuState` and `Domain.setGuestVcpuState` do
 * @throws {@link RefusedError} where the guest's CPU is another vCPU by now
 */
export async function carryOut(domain: Domain, change: Change, call: () => CallOptions): Promise<string> {
  const { action, id, guestId } = change
  const online = action === 'plug' || action === 'on'
  if (guestId === null) {
    const { changed, deviceId } = await domain.setVcpuState(id, online, { ...call(), wholeSlot: true })
    return changed.size === 0
      ? 'was so already'
      : `done${deviceId === null ? '' : ` (device ${foreignText(deviceId)})`}`
  }
  // The guest may have numbered its CPUs again since the question was asked.
  const vcpu = (await domain.vcpus(call())).find((each) => each.id === id)
  if (vcpu?.guest?.id !== guestId) {
    throw new RefusedError('ERR_UNSURE', `CPU ${guestId} of the guest is no longer vCPU ${id}`, id)
  }
  const { changed } = await domain.setGuestVcpuState(guestId, online, call())
  return changed.size === 0 ? 'was so already' : 'done'
}

function named(ids: CpuMap): string {
  return `${ids.size === 1 ? 'vCPU' : 'vCPUs'} ${String(ids)}`
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
