import { ejectRefusal, OST_SOURCE, OST_STATUS } from '../../bitmap/machine/ost.ts'
import type { AcpiOst } from '../../bitmap/machine/replies.ts'
import type { KnownQmpEvent } from '../../qmp/events.ts'
import { slotOf } from '../../bitmap/machine/vcpu-slot.ts'
import { adoptReading } from './adopt-reading.ts'
import { deviceIn, isSameDevice } from './device.ts'
import {
  beginBoot,
  changePort,
  doubtGuest,
  NOTHING_KEPT,
  remember,
  rememberTurn,
  type GuestSaid,
} from './guest-memory.ts'
import type { VmInput } from './input.ts'
import { hear } from './plug.ts'
import {
  accept,
  askAgain,
  beginRemoval,
  disconnect,
  join,
  leave,
  refuse,
  reset,
  startInGuest,
  withdraw,
  type Removal,
} from './removal.ts'
import { openRemoval, type Advance, type VmState } from './state.ts'

/** The next state of a VM. Pure: the same state and input give the same result. */
export function advance(before: VmState, input: VmInput): Advance {
  if (before.closedBy !== undefined) return { state: before, news: [], wantsLook: false }
  const state = { ...before, now: { ...before.now, tick: before.now.tick + 1 } }
  switch (input.type) {
    case 'connected':
      return onConnected(state)
    case 'disconnected':
      return onDisconnected(state, input.cause)
    case 'closed':
      return quiet({ ...onDisconnected(state, input.cause).state, closedBy: input.cause })
    case 'event':
      return onEvent(state, input.event)
    case 'events-ended':
      return {
        state: { ...state, hearsEvents: false, observed: unfounded(state), guest: NOTHING_KEPT },
        news: [{ type: 'gap' }],
        wantsLook: true,
      }
    case 'read':
      return adoptReading(state, input.reading)
    case 'unplug-sent':
      return quiet(onUnplugSent(state, input))
    case 'unplug-accepted':
      return quiet(changeRemoval(state, input.key, accept))
    case 'unplug-refused':
      return quiet({
        ...state,
        removals: state.removals.flatMap((removal) =>
          removal.key === input.key ? (withdraw(removal) ?? []) : removal,
        ),
      })
    case 'unplug-unanswered':
      return quiet(
        changeRemoval(state, input.key, (removal) =>
          removal.request === 'sent' ? { ...removal, request: state.isConnected ? 'unanswered' : 'stale' } : removal,
        ),
      )
    case 'joined':
      return quiet(changeRemoval(state, input.key, (removal) => join(removal, input.caller)))
    case 'left':
      return quiet(onLeft(state, input.caller, input.gaveUp))
    case 'plug-sent':
      return quiet({
        ...state,
        plugs: [...state.plugs, { ...input, sentAt: state.now, isAccepted: false, ack: { type: 'none' } }],
      })
    case 'plug-accepted':
      return quiet({
        ...state,
        plugs: state.plugs.map((plug) => (plug.deviceId === input.deviceId ? { ...plug, isAccepted: true } : plug)),
      })
    case 'plug-over':
      return quiet({ ...state, plugs: state.plugs.filter(({ deviceId }) => deviceId !== input.deviceId) })
    case 'observed':
      return quiet(onObserved(state, input.ids))
    case 'guest-said':
      return quiet(onGuestSaid(state, input.said))
    case 'guest-turned':
      return quiet({ ...state, guest: rememberTurn(state.guest, state.now, input.turned) })
    case 'boot-doubted':
      return quiet({ ...state, observed: unfounded(state), guest: doubtGuest(state.guest, state.now.tick) })
  }
}

function quiet(state: VmState): Advance {
  return { state, news: [], wantsLook: false }
}

function onConnected(state: VmState): Advance {
  const { now, isConnected } = state
  const isFirst = now.connection === 0
  const next: VmState = {
    ...state,
    now: { ...now, connection: now.connection + 1 },
    isConnected: true,
    lostBy: undefined,
    reading: undefined,
    // A reset may have passed unheard.
    observed: isFirst ? state.observed : new Map(),
    guest: NOTHING_KEPT,
  }
  if (isFirst) return quiet(next)
  return {
    state: next,
    news: isConnected ? [{ type: 'gap' }] : [{ type: 'connected' }, { type: 'gap' }],
    wantsLook: true,
  }
}

function onDisconnected(state: VmState, cause: Error): Advance {
  return {
    state: { ...state, isConnected: false, lostBy: cause, removals: state.removals.map(disconnect) },
    news: state.isConnected ? [{ type: 'disconnected', error: cause }] : [],
    // Looking makes another connection, where somebody would like to know.
    wantsLook: true,
  }
}

function onEvent(state: VmState, event: KnownQmpEvent): Advance {
  const { tick } = state.now
  switch (event.event) {
    case 'ACPI_DEVICE_OST':
      return onOst(state, event.data.info)
    case 'DEVICE_UNPLUG_GUEST_ERROR': {
      const reason = 'it reported an error and gave no reason (DEVICE_UNPLUG_GUEST_ERROR)'
      const removals = state.removals.map((removal) =>
        removal.device.qomPath === event.data.path ? refuse(removal, reason, tick) : removal,
      )
      return { state: { ...state, removals }, news: [], wantsLook: true }
    }
    case 'DEVICE_DELETED': {
      const removals = state.removals.map((removal) =>
        removal.device.qomPath === event.data.path ? { ...removal, isGone: true } : removal,
      )
      return { state: { ...state, removals, deletedAt: tick }, news: [], wantsLook: true }
    }
    case 'RESUME':
      return { state, news: [], wantsLook: true }
    case 'RESET':
      return { state: onReset(state), news: [{ type: 'reset' }], wantsLook: true }
    case 'SHUTDOWN':
      return quiet({ ...state, lastWords: { ...state.lastWords, shutdown: tick } })
    case 'GUEST_PANICKED':
      return quiet({ ...state, lastWords: { ...state.lastWords, panicked: tick } })
    case 'STOP':
      return quiet(state)
    case 'VSERPORT_CHANGE':
      // Which port is the agent's is not known here; one that closes or opens may be a guest that boots.
      return {
        state: { ...state, observed: unfounded(state), guest: changePort(state.guest, tick, event.data.open) },
        news: [{ type: event.data.open ? 'agent-connected' : 'agent-disconnected' }],
        wantsLook: false,
      }
  }
}

function onOst(state: VmState, info: AcpiOst): Advance {
  if (info['slot-type'] !== 'CPU' || !/^\d{1,9}$/.test(info.slot)) return quiet(state)
  const firstId = Number(info.slot)
  if (info.source === OST_SOURCE.deviceCheck) {
    const report = { firstId, deviceId: info.device, status: info.status }
    return { state: { ...state, plugs: state.plugs.map((plug) => hear(plug, report)) }, news: [], wantsLook: true }
  }
  const reason = ejectRefusal(info)
  const removals = state.removals.map((removal) => {
    if (removal.firstId !== firstId) return removal
    if (reason !== undefined) return refuse(removal, reason, state.now.tick)
    return info.status === OST_STATUS.ejectInProgress ? startInGuest(removal) : removal
  })
  return { state: { ...state, removals }, news: [], wantsLook: true }
}

function onReset(state: VmState): VmState {
  const { now, removals, lastWords } = state
  return {
    ...state,
    now: { ...now, boot: now.boot + 1 },
    removals: removals.map(reset),
    observed: new Map(),
    guest: beginBoot(state.reading?.slots, now.tick),
    lastWords: { ...lastWords, reset: now.tick },
  }
}

function onUnplugSent(state: VmState, input: Extract<VmInput, { type: 'unplug-sent' }>): VmState {
  const open = openRemoval(state, input.firstId)
  if (open === undefined) {
    const removal = beginRemoval(input, input.device, input.caller, state.now)
    return { ...state, removals: [...state.removals, removal] }
  }
  return changeRemoval(state, open.key, (removal) => join(askAgain(removal, state.now), input.caller))
}

function onLeft(state: VmState, caller: number, gaveUp: boolean): VmState {
  const removals = state.removals
    .map((removal) => leave(removal, caller, gaveUp))
    // An end stays until all who wait have seen it.
    .filter(({ end, callers }) => end === undefined || callers.length > 0)
  return { ...state, removals }
}

function onObserved(state: VmState, ids: Extract<VmInput, { type: 'observed' }>['ids']): VmState {
  const observed = new Map(state.observed)
  for (const [index, seen] of ids) {
    if (seen.seenAt.boot !== state.now.boot || seen.seenAt.connection !== state.now.connection) continue
    // Its device may be another one by now.
    const { reading } = state
    if (reading !== undefined && !isSameDevice(deviceIn(slotOf(reading.slots, index)), seen.device)) continue
    for (const [other, { guestId }] of observed) if (guestId === seen.guestId) observed.delete(other)
    if (seen.bootId !== undefined || state.hearsEvents) observed.set(index, seen)
  }
  return { ...state, observed }
}

/** Without events a boot of the guest goes unheard: then nothing that it says is kept beyond the call. */
function onGuestSaid(state: VmState, said: GuestSaid): VmState {
  const { reading, hearsEvents, guest, now } = state
  if (reading === undefined || !hearsEvents) return state
  return { ...state, guest: remember(guest, now, reading.slots, said) }
}

/** What is left of the observations when the guest may have booted unheard: those that its own boot id can still vouch for. */
function unfounded({ observed }: VmState): VmState['observed'] {
  return new Map([...observed].filter(([, { bootId }]) => bootId !== undefined))
}

function changeRemoval(state: VmState, key: number, change: (removal: Removal) => Removal): VmState {
  return { ...state, removals: state.removals.map((removal) => (removal.key === key ? change(removal) : removal)) }
}
