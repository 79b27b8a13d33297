import { printable, type Vcpu } from '../../index.ts'
import { arrange, type Block, type Group } from './arrange.ts'
import { isGuestKnown, stateOf, VCPU_STATES, type VcpuState } from './vcpu-state.ts'

/** What a picture is drawn of. */
export interface PictureOptions {
  /** Its first line, such as where the VM's monitor is. */
  readonly title: string
}

/** The fill and the text of a cell, by the sign of its state. */
const COLOURS: Readonly<Record<string, readonly [fill: string, text: string]>> = {
  '#': ['#1f6f43', '#ffffff'],
  '+': ['#8fd3a8', '#10301d'],
  '!': ['#f2b134', '#332200'],
  '?': ['#f7dc8d', '#332200'],
  '~': ['#9db8f2', '#101c3a'],
  x: ['#d9534f', '#ffffff'],
  '.': ['#eef0f2', '#5c6670'],
}

// Sizes in pixels.
const CELL = { width: 46, height: 34, gap: 4 }
const GROUP = { padding: 5, gap: 8, label: 14 }
const MARGIN = 16
const LINE = 20
const HEADING = 22
/** No row of cells is wider than that. */
const MOST_WIDTH = 980

/**
 * The vCPUs as an SVG picture: the same arrangement as the grid of `watch`, each cell with QEMU's id and below it the guest's, in
 * the colour and with the sign of its state.
 *
 * @param vcpus - ascending, as `Domain.vcpus` gives them
 */
export function renderSvg(vcpus: readonly Vcpu[], { title }: PictureOptions): string {
  const byId = new Map(vcpus.map((vcpu) => [vcpu.id, vcpu]))
  const knowsGuest = isGuestKnown(vcpus)
  const canvas = new Canvas()
  canvas.text(MARGIN, title, { size: 14, weight: 'bold' })
  for (const block of arrange(vcpus)) drawBlock(canvas, block, (id) => cellOf(byId.get(id), knowsGuest))
  const states = vcpus.map((vcpu) => stateOf(vcpu, knowsGuest))
  canvas.down(GROUP.gap)
  for (const state of VCPU_STATES) {
    const count = states.filter((each) => each === state).length
    if (count > 0) drawLegend(canvas, state, count)
  }
  if (knowsGuest)
    canvas.text(MARGIN, "large: QEMU's id; small: the guest's id, - where it has none, ? where that is not known", {})
  return canvas.toString()
}

/** What a cell says. */
interface Cell {
  readonly state: VcpuState
  readonly id: string
  readonly guest: string
}

function cellOf(vcpu: Vcpu | undefined, knowsGuest: boolean): Cell | undefined {
  if (vcpu === undefined) return undefined
  const { id, online, guest } = vcpu
  const guestText = guest === null ? '-' : String(guest.id ?? '?')
  return { state: stateOf(vcpu, knowsGuest), id: String(id), guest: online && knowsGuest ? guestText : '' }
}

function drawBlock(canvas: Canvas, { heading, groups }: Block, cellAt: (id: number) => Cell | undefined): void {
  if (heading !== '') canvas.text(MARGIN, heading, { size: 13, weight: 'bold', height: HEADING })
  const hasLabels = groups.some(({ label }) => label !== '')
  const fitting = Math.floor((MOST_WIDTH - 2 * MARGIN) / (CELL.width + CELL.gap))
  const drawn: readonly Group[] = hasLabels ? groups : groups.flatMap((group) => split(group, fitting))
  const height = CELL.height + (hasLabels ? 2 * GROUP.padding + GROUP.label : 0)
  let x = MARGIN
  for (const group of drawn) {
    const width = group.ids.length * (CELL.width + CELL.gap) - CELL.gap + (hasLabels ? 2 * GROUP.padding : 0)
    if (x > MARGIN && x + width > MOST_WIDTH - MARGIN) {
      canvas.down(height + GROUP.gap)
      x = MARGIN
    }
    if (hasLabels) canvas.box(x, 0, width, height, group.label)
    const inset = hasLabels ? GROUP.padding : 0
    for (const [at, id] of group.ids.entries()) {
      const cell = cellAt(id)
      if (cell !== undefined) {
        drawCell(canvas, cell, x + inset + at * (CELL.width + CELL.gap), inset + (hasLabels ? GROUP.label : 0))
      }
    }
    x += width + GROUP.gap
  }
  canvas.down(height + GROUP.gap)
}

function split({ ids, label }: Group, size: number): readonly Group[] {
  return Array.from({ length: Math.ceil(ids.length / size) }, (_, at) => ({
    ids: ids.slice(at * size, (at + 1) * size),
    label,
  }))
}

function drawCell(canvas: Canvas, { state, id, guest }: Cell, x: number, dy: number): void {
  const [fill, ink] = COLOURS[state.sign] ?? ['#ffffff', '#000000']
  canvas.rect(x, dy, CELL.width, CELL.height, fill)
  const middle = guest === '' ? CELL.height / 2 + 5 : CELL.height / 2
  canvas.words(x + CELL.width / 2, dy + middle, `${state.sign}${id}`, { fill: ink, size: 13, anchor: 'middle' })
  if (guest !== '')
    canvas.words(x + CELL.width / 2, dy + CELL.height - 5, guest, { fill: ink, size: 10, anchor: 'middle' })
}

function drawLegend(canvas: Canvas, state: VcpuState, count: number): void {
  const [fill, ink] = COLOURS[state.sign] ?? ['#ffffff', '#000000']
  canvas.rect(MARGIN, 2, LINE - 4, LINE - 4, fill)
  canvas.words(MARGIN + LINE / 2 - 2, 14, state.sign, { fill: ink, size: 11, anchor: 'middle' })
  canvas.words(MARGIN + LINE + 4, 14, `${state.legend}: ${String(count)}`, {})
  canvas.down(LINE)
}

interface TextStyle {
  readonly size?: number
  readonly weight?: 'bold'
  readonly fill?: string
  readonly anchor?: 'middle'
}

/** A picture that grows downwards; places are below what is there. */
class Canvas {
  readonly #parts: string[] = []
  #y = MARGIN
  #width = 0

  down(height: number): void {
    this.#y += height
  }

  /** A line of its own. */
  text(x: number, words: string, { height = LINE, ...style }: TextStyle & { readonly height?: number }): void {
    this.words(x, 14, words, style)
    this.#y += height
  }

  words(x: number, dy: number, words: string, { size = 12, weight, fill = '#24292f', anchor }: TextStyle): void {
    const more = `${weight === undefined ? '' : ` font-weight="${weight}"`}${anchor === undefined ? '' : ` text-anchor="${anchor}"`}`
    this.#parts.push(
      `<text x="${x}" y="${this.#y + dy}" font-size="${size}" fill="${fill}"${more}>${escaped(words)}</text>`,
    )
    // Letters of a monospaced font are 0.6 of their size wide.
    if (anchor === undefined) this.#grow(x + words.length * size * 0.62)
  }

  rect(x: number, dy: number, width: number, height: number, fill: string): void {
    this.#parts.push(`<rect x="${x}" y="${this.#y + dy}" width="${width}" height="${height}" rx="4" fill="${fill}"/>`)
    this.#grow(x + width)
  }

  /** A frame around cells, with its label. */
  box(x: number, dy: number, width: number, height: number, label: string): void {
    this.#parts.push(
      `<rect x="${x}" y="${this.#y + dy}" width="${width}" height="${height}" rx="6" fill="none" stroke="#c3c9d0"/>`,
    )
    this.words(x + GROUP.padding, dy + 13, label, { size: 10, fill: '#5c6670' })
    this.#grow(x + width)
  }

  toString(): string {
    const [width, height] = [Math.ceil(this.#width) + MARGIN, this.#y + MARGIN]
    const head = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="DejaVu Sans Mono, Menlo, Consolas, monospace">`
    return [head, `<rect width="${width}" height="${height}" fill="#ffffff"/>`, ...this.#parts, '</svg>', ''].join('\n')
  }

  #grow(right: number): void {
    this.#width = Math.max(this.#width, right)
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text of others too: nothing in it is markup, and nothing in it cannot be in XML. */
function escaped(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
}
