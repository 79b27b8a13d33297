import { foreignText, type Vcpu } from '../../index.ts'
import { VCPU_STATES } from '../grid/vcpu-state.ts'
import { mapsOf } from '../maps.ts'
import { topologyText } from '../render/topology.ts'
import { gridLines, gridOf, statesOf, type Grid } from './grid-lines.ts'
import { cutLine, lineOf, wrapLines, type Line } from './lines.ts'
import { nameOf, type Change } from './change.ts'
import { selectedOf, type WatchState } from './model.ts'
import type { Snapshot } from './snapshot.ts'

/** The screen that a state is shown on. */
export interface Frame {
  readonly columns: number
  readonly rows: number
  /** Do keys act? */
  readonly hasKeys: boolean
}

/** A screen full, at most as large as its frame. */
export interface View {
  readonly lines: readonly Line[]
  readonly grid: Grid
  /** Is the whole question to be read, where there is one? What cannot be read cannot be confirmed. */
  readonly asksInFull: boolean
}

/** Longest text of a peer, in characters. */
const MAX_TEXT = 300
/** A screen of fewer lines has none to part its parts. */
const ROOMY = 14
/** A screen of fewer columns has short words in its legend. */
const NARROW = 60
/** Events that the grid leaves room for. */
const EVENTS = 4
const HELP = 'arrows: move  p: plug  u: unplug  o: on  f: off (in the guest)  q: quit'
const SHORT_HELP = 'hjkl p u o f q'

/** What a screen shows of a state: the question first, then where one is, the grid, and with what room is left the rest. */
export function view(state: WatchState, frame: Frame): View {
  const { columns, rows } = frame
  const asked = askLines(state, columns)
  const head = headLines(state, columns)
  const help = frame.hasKeys ? [lineOf(HELP.length <= columns ? HELP : SHORT_HELP, 'dim')] : []
  const detail = frame.hasKeys ? detailLines(state, columns, rows) : []
  const isRoomy = rows >= ROOMY
  const blank: readonly Line[] = isRoomy ? [lineOf('')] : []
  const legend = isRoomy ? legendLines(state, columns) : []
  const vcpus = state.snapshot?.vcpus ?? []
  const most = rows - [...asked, ...head, ...detail, ...help].length
  // Its room is what leaves some for the events, else what leaves some for the legend, else all that there is.
  const heights = isRoomy ? [most - legend.length - EVENTS - 3, most - legend.length - 2, most] : [most]
  const grids = heights.map((height) => ({ height: Math.max(1, height), grid: gridOf(vcpus, columns, height) }))
  const fitting = grids.find(({ height, grid }) => grid.rows.length <= height) ?? grids.at(-1)
  const { height, grid } = fitting ?? { height: 1, grid: gridOf(vcpus, columns, 1) }
  const shown = windowOf(gridLines(state, grid), height, columns)
  const lines = fill(rows, [
    // What does not fit is left out from the last to the first.
    { lines: head.slice(0, 1), rank: 3 },
    { lines: head.slice(1), rank: 4 },
    { lines: blank, rank: 8 },
    { lines: shown, rank: 1 },
    { lines: blank, rank: 8 },
    { lines: detail, rank: 2 },
    { lines: asked, rank: 0 },
    { lines: help, rank: 5 },
    { lines: legend, rank: 6 },
    { lines: blank, rank: 8 },
    { lines: state.history.map((line) => lineOf(line, 'dim')), rank: 7, fromEnd: true },
  ])
  return { lines: lines.map((line) => cutLine(line, columns)), grid, asksInFull: asksInFull(state, frame) }
}

interface Part {
  readonly lines: readonly Line[]
  /** Parts of a lower rank get their room first. */
  readonly rank: number
  /** Of what does not fit the last lines are kept. */
  readonly fromEnd?: boolean
}

function fill(rows: number, parts: readonly Part[]): readonly Line[] {
  let room = rows
  const kept = new Map<Part, readonly Line[]>()
  for (const part of [...parts].sort((a, b) => a.rank - b.rank)) {
    const count = Math.min(room, part.lines.length)
    const lines = part.fromEnd === true ? part.lines.slice(part.lines.length - count) : part.lines.slice(0, count)
    kept.set(part, lines)
    room -= count
  }
  return parts.flatMap((part) => kept.get(part) ?? [])
}

/** As many lines as there is room for, those around the cursor; the last one says which where there are more. */
function windowOf(lines: readonly Line[], height: number, columns: number): readonly Line[] {
  if (lines.length <= height) return lines
  const at = Math.max(
    0,
    lines.findIndex((line) => line.some(({ isCursor }) => isCursor)),
  )
  const room = height > 2 ? height - 1 : height
  const first = Math.max(0, Math.min(at - Math.floor(room / 2), lines.length - room))
  const shown = lines.slice(first, first + room)
  const where = `lines ${first + 1}-${first + room} of ${lines.length}`
  return room === height ? shown : [...shown, cutLine(lineOf(where, 'dim'), columns)]
}

function headLines(state: WatchState, columns: number): readonly Line[] {
  const { snapshot, blindBy } = state
  const blind =
    blindBy === undefined ? [] : wrapLines(`not seen: ${foreignText(blindBy.message, MAX_TEXT)}`, columns, 'alarm')
  if (snapshot === undefined) return [lineOf('looking …', 'bold'), ...blind.slice(0, 2)]
  const { trouble } = snapshot
  return [
    ...wrapLines(headline(snapshot), columns, 'bold').slice(0, 2),
    ...blind.slice(0, 2),
    ...(trouble === null ? [] : [lineOf(`the guest is not seen: ${foreignText(trouble.message, MAX_TEXT)}`, 'alarm')]),
  ]
}

/** `3 of 8 plugged; the guest runs 2 of 3; unplug pending: 5`. */
function headline({ vcpus, guest, pending }: Snapshot): string {
  return [
    `${mapsOf(vcpus).online.size} of ${vcpus.length} plugged`,
    ...(guest === null ? [] : [`the guest runs ${guest.online.size} of ${guest.possible.size}`]),
    ...(pending.size === 0 ? [] : [`unplug pending: ${String(pending)}`]),
  ].join('; ')
}

/** It gets its room first: what does not fit on the screen is not shown. */
function asksInFull({ question }: WatchState, { columns, rows }: Frame): boolean {
  const asked = question === undefined ? [] : questionLines(question, columns)
  return asked.length <= rows && asked.every((line) => line.reduce((sum, { text }) => sum + text.length, 0) <= columns)
}

function questionLines({ title }: Change, columns: number): readonly Line[] {
  return wrapLines(`${title}? y/n`, columns, 'alarm')
}

function askLines({ question, running, notice }: WatchState, columns: number): readonly Line[] {
  if (question !== undefined) {
    return [...questionLines(question, columns), ...wrapLines(question.notes.join(' '), columns)]
  }
  if (notice !== '') return wrapLines(notice, columns, 'yellow')
  return running === undefined ? [] : wrapLines(`${nameOf(running)} …`, columns, 'yellow')
}

function detailLines(state: WatchState, columns: number, rows: number): readonly Line[] {
  const vcpu = selectedOf(state)
  if (vcpu === undefined) return []
  const legend = statesOf(state).get(vcpu.id)?.legend ?? ''
  const text = [`vCPU ${vcpu.id}: ${legend}`, ...detailsOf(vcpu)].join('; ')
  return wrapLines(text, columns).slice(0, Math.max(1, Math.floor(rows / 6)))
}

function detailsOf({ online, guest, deviceId, props, hostThreadId }: Vcpu): readonly string[] {
  return [
    ...(online && guest !== null ? [guestText(guest)] : []),
    topologyText(props),
    ...(deviceId === null ? [] : [`device ${foreignText(deviceId)}`]),
    ...(hostThreadId === null ? [] : [`host thread ${hostThreadId}`]),
  ]
}

function guestText(guest: NonNullable<Vcpu['guest']>): string {
  if (guest.id === null) return 'its CPU in the guest is not known'
  return `CPU ${guest.id} of the guest, ${guest.online ? 'on' : 'off'} (${guest.confidence})`
}

/** What the signs mean that are there, and how often each is. */
function legendLines(state: WatchState, columns: number): readonly Line[] {
  const states = [...statesOf(state).values()]
  const entries = VCPU_STATES.flatMap((each) => {
    const count = states.filter((other) => other === each).length
    return count === 0
      ? []
      : [[{ text: each.sign, ink: each.ink }, { text: ` ${columns < NARROW ? each.word : each.legend}: ${count}` }]]
  })
  const lines: Line[] = []
  for (const entry of entries) {
    const last = lines.at(-1)
    const joined: Line = last === undefined ? entry : [...last, { text: '   ' }, ...entry]
    const length = joined.reduce((sum, { text }) => sum + text.length, 0)
    if (last !== undefined && length <= columns) lines[lines.length - 1] = joined
    else lines.push(entry)
  }
  return lines
}
