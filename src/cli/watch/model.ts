// What a live picture knows, as a value: looks, events, keys and results of changes each make the next one. No I/O, no clock.
import { CpuMap, foreignText, GuestRefusedError, VcpuError, type DomainEvent, type Vcpu } from '../../index.ts'
import type { Row } from '../grid/lay-out.ts'
import { move } from '../grid/move.ts'
import { nameOf, planChange, type Change } from './change.ts'
import type { Key } from './keys.ts'
import { changesBetween, eventText, type Snapshot } from './snapshot.ts'

/** Everything that a live picture shows. */
export interface WatchState {
  /** `undefined` before the first look. */
  readonly snapshot: Snapshot | undefined
  /** Why the last looks failed; `undefined` where the snapshot is the present state. */
  readonly blindBy: Error | undefined
  /** The vCPU that is pointed at. */
  readonly selected: number
  /** The last events, each with its time, the newest last. */
  readonly history: readonly string[]
  /** A change that waits for a yes. */
  readonly question: Change | undefined
  /** The change that is being carried out. */
  readonly running: Change | undefined
  /** vCPUs whose last request was refused. */
  readonly refused: CpuMap
  /** The answer to the last key, where there is more to say than the picture shows. */
  readonly notice: string
}

/** What a key has done. */
export interface Pressed {
  readonly state: WatchState
  /** A change to be carried out now. */
  readonly change?: Change
  /** End, also where a change is being carried out. */
  readonly end?: boolean
}

/** The state before the first look. */
export const NOTHING_SEEN: WatchState = {
  snapshot: undefined,
  blindBy: undefined,
  selected: 0,
  history: [],
  question: undefined,
  running: undefined,
  refused: CpuMap.empty,
  notice: '',
}

/** Events kept for the screen: more than any screen shows. */
const MAX_HISTORY = 200
/** Longest text of a peer, in characters. */
const MAX_TEXT = 300
const ASKED_AGAIN = 'q again leaves it running, its result unknown'

/** A look has come in. A question about a vCPU that is no longer as it was is withdrawn. */
export function look(state: WatchState, snapshot: Snapshot, time: string): WatchState {
  const { snapshot: before, selected, question } = state
  // What is there at first, and what follows from the rest, the picture itself says.
  const lines =
    before === undefined ? [] : changesBetween(before, snapshot).filter((line) => / online: .* -> /.test(line))
  const { vcpus } = snapshot
  const next: WatchState = {
    ...state,
    snapshot,
    blindBy: undefined,
    selected: vcpus.some(({ id }) => id === selected) ? selected : (vcpus[0]?.id ?? 0),
    refused: state.refused.difference(changedIds(before, snapshot)).difference(snapshot.pending),
  }
  const noted = note(next, time, ...lines)
  if (question === undefined || !hasChanged(question, before, snapshot)) return noted
  return {
    ...noted,
    question: undefined,
    notice: `vCPU ${question.id} has changed meanwhile: ${nameOf(question)} was not done`,
  }
}

/** A look has failed, and there will be another. */
export function fail(state: WatchState, error: Error, time: string): WatchState {
  const next = { ...state, blindBy: error }
  if (state.blindBy?.message === error.message) return next
  return note(next, time, `not seen: ${foreignText(error.message, MAX_TEXT)}`)
}

/** An event has come in. A question is withdrawn where ids may mean something else now. */
export function hear(state: WatchState, event: DomainEvent, time: string): WatchState {
  const noted = note(state, time, eventText(event))
  switch (event.type) {
    case 'refused':
      return { ...noted, refused: noted.refused.union(event.ids) }
    case 'plugged':
    case 'unplugged':
      return { ...noted, refused: noted.refused.difference(event.ids) }
    case 'reset':
    case 'disconnected':
    case 'connected':
    case 'gap':
      if (noted.question === undefined) return noted
      return { ...noted, question: undefined, notice: `${nameOf(noted.question)} was not done: ${eventText(event)}` }
    default:
      return noted
  }
}

/**
 * A key was pressed.
 *
 * @param rows - the grid as it is shown
 */
export function press(state: WatchState, key: Key, rows: readonly Row[], hasAgent: boolean): Pressed {
  const { question, running } = state
  if (key === 'interrupt') return { state, end: true }
  if (question !== undefined) return answer({ ...state, question: undefined, notice: '' }, key, question)
  const calm: WatchState = { ...state, notice: '' }
  switch (key) {
    case 'quit':
      if (running === undefined || state.notice.endsWith(ASKED_AGAIN)) return { state, end: true }
      return { state: { ...state, notice: `${nameOf(running)} is not done yet: ${ASKED_AGAIN}` } }
    case 'yes':
    case 'no':
    case 'other':
      return { state: calm }
    case 'left':
    case 'right':
    case 'up':
    case 'down':
    case 'first':
    case 'last':
      return { state: { ...calm, selected: move(rows, state.selected, key) } }
    case 'plug':
    case 'unplug':
    case 'on':
    case 'off': {
      if (running !== undefined) return { state: { ...calm, notice: `${nameOf(running)} is not done yet` } }
      const vcpu = selectedOf(state)
      if (vcpu === undefined) return { state: calm }
      const planned = planChange(key, vcpu, hasAgent)
      return { state: typeof planned === 'string' ? { ...calm, notice: planned } : { ...calm, question: planned } }
    }
  }
}

function answer(state: WatchState, key: Key, question: Change): Pressed {
  if (key !== 'yes') return { state: { ...state, notice: `${nameOf(question)}: left as it is` } }
  return {
    state: { ...state, running: question, refused: state.refused.difference(question.ids) },
    change: question,
  }
}

/** A change was carried out: `result` says how. */
export function finish(state: WatchState, change: Change, result: string, time: string): WatchState {
  return note({ ...state, running: undefined, notice: '' }, time, `${nameOf(change)}: ${result}`)
}

/** A change has failed. */
export function finishFailed(state: WatchState, change: Change, error: unknown, time: string): WatchState {
  const message = foreignText(error instanceof Error ? error.message : String(error), MAX_TEXT)
  const outcome = error instanceof VcpuError ? error.outcome : 'unknown'
  const next = finish(state, change, `${outcome}: ${message}`, time)
  return error instanceof GuestRefusedError ? { ...next, refused: next.refused.union(error.slot) } : next
}

/** The vCPU that is pointed at. */
export function selectedOf({ snapshot, selected }: WatchState): Vcpu | undefined {
  return snapshot?.vcpus.find(({ id }) => id === selected)
}

function note(state: WatchState, time: string, ...lines: readonly string[]): WatchState {
  if (lines.length === 0) return state
  return { ...state, history: [...state.history, ...lines.map((line) => `${time}  ${line}`)].slice(-MAX_HISTORY) }
}

/** The vCPUs that are plugged now and were not, and the other way round. */
function changedIds(before: Snapshot | undefined, after: Snapshot): CpuMap {
  const plugged = new Set(before?.vcpus.filter(({ online }) => online).map(({ id }) => id))
  return CpuMap.from(after.vcpus.filter(({ id, online }) => online !== plugged.has(id)).map(({ id }) => id))
}

/** Is what a question is about another device by now, or in another state? */
function hasChanged({ id, guestId }: Change, before: Snapshot | undefined, after: Snapshot): boolean {
  const old = before?.vcpus.find((vcpu) => vcpu.id === id)
  const now = after.vcpus.find((vcpu) => vcpu.id === id)
  if (old === undefined || now === undefined) return true
  if (old.online !== now.online || old.qomPath !== now.qomPath) return true
  return guestId !== null && (now.guest?.id !== guestId || now.guest.online !== old.guest?.online)
}
