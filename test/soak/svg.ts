import type { Point } from './regression.ts'

/** A line of a panel. */
export interface PlotLine {
  readonly name: string
  /** A CSS colour. */
  readonly colour: string
  readonly points: readonly Point[]
}

/** Lines that share their axes. */
export interface Panel {
  readonly title: string
  readonly lines: readonly PlotLine[]
}

/** A plot: panels beneath one another over the same x. */
export interface Plot {
  readonly title: string
  /** In small letters below the title. */
  readonly notes: readonly string[]
  readonly xLabel: string
  readonly panels: readonly Panel[]
}

const WIDTH = 900
const PANEL_HEIGHT = 150
const PANEL_GAP = 44
const LEFT = 64
const RIGHT = 120
const NOTE_HEIGHT = 15
/** More points than pixels show nothing more, and make the file large. */
const MOST_POINTS = 240

/** Draw it as SVG text. */
export function drawPlot({ title, notes, xLabel, panels }: Plot): string {
  const xs = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(({ x }) => x)))
  const xAxis = axisOf(xs, WIDTH - LEFT - RIGHT, 10)
  const top = 40 + notes.length * NOTE_HEIGHT
  const height = top + panels.length * (PANEL_HEIGHT + PANEL_GAP) + 10
  const body = panels.map((panel, at) => drawPanel(panel, xAxis, top + at * (PANEL_HEIGHT + PANEL_GAP) + 20))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}"`,
    ' font-family="sans-serif" font-size="11" fill="#222">',
    '<rect width="100%" height="100%" fill="#fff"/>',
    text(LEFT, 22, title, ' font-size="15" font-weight="bold"'),
    ...notes.map((note, at) => text(LEFT, 40 + at * NOTE_HEIGHT, note, ' fill="#555"')),
    ...body,
    text(LEFT + (WIDTH - LEFT - RIGHT) / 2, height - 6, xLabel, ' text-anchor="middle"'),
    '</svg>\n',
  ].join('\n')
}

function drawPanel({ title, lines }: Panel, xAxis: Axis, top: number): string {
  const values = lines.flatMap(({ points }) => points.map(({ y }) => y))
  const yAxis = axisOf([0, ...values], PANEL_HEIGHT, 5)
  const bottom = top + PANEL_HEIGHT
  const right = WIDTH - RIGHT
  const xAt = (x: number): number => LEFT + xAxis.place(x)
  const yAt = (y: number): number => bottom - yAxis.place(y)
  return [
    text(LEFT, top - 6, title, ' font-weight="bold"'),
    ...yAxis.ticks.flatMap((tick) => [
      `<path d="M${LEFT} ${short(yAt(tick))}H${right}" stroke="#ddd"/>`,
      text(LEFT - 6, yAt(tick) + 4, spoken(tick), ' text-anchor="end"'),
    ]),
    ...xAxis.ticks.flatMap((tick) => [
      `<path d="M${short(xAt(tick))} ${bottom}v4" stroke="#222"/>`,
      text(xAt(tick), bottom + 15, spoken(tick), ' text-anchor="middle"'),
    ]),
    `<path d="M${LEFT} ${top}V${bottom}H${right}" fill="none" stroke="#222"/>`,
    ...lines.map(({ colour, points }) => {
      const places = thinned(points).map(({ x, y }) => `${short(xAt(x))},${short(yAt(y))}`)
      return `<polyline fill="none" stroke="${colour}" stroke-width="1.3" points="${places.join(' ')}"/>`
    }),
    ...lines.map(({ name, colour }, at) => text(right + 8, top + 12 + at * 15, name, ` fill="${colour}"`)),
  ].join('\n')
}

/** From values to places in pixels, with round marks. */
interface Axis {
  readonly ticks: readonly number[]
  readonly place: (value: number) => number
}

/** An axis that holds all values. */
export function axisOf(values: readonly number[], pixels: number, mostTicks: number): Axis {
  const finite = values.filter((value) => Number.isFinite(value))
  const low = finite.reduce((least, value) => Math.min(least, value), finite[0] ?? 0)
  const high = finite.reduce((most, value) => Math.max(most, value), finite[0] ?? 1)
  const step = roundStep((high - low || 1) / mostTicks)
  const first = Math.floor(low / step) * step
  const last = Math.max(first + step, Math.ceil(high / step) * step)
  const ticks = Array.from({ length: Math.round((last - first) / step) + 1 }, (_, at) => first + at * step)
  return { ticks, place: (value) => ((value - first) / (last - first)) * pixels }
}

/** The next 1, 2 or 5 times a power of ten. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= least * 0.999_999) ?? 10 * power
}

/** As many points as can be seen; of each stretch the highest, so that no peak is lost. */
export function thinned(points: readonly Point[], most = MOST_POINTS): readonly Point[] {
  const stretch = Math.ceil(points.length / most)
  if (stretch <= 1) return points
  return Array.from({ length: Math.ceil(points.length / stretch) }, (_, at) =>
    points.slice(at * stretch, (at + 1) * stretch).reduce((best, point) => (point.y > best.y ? point : best)),
  )
}

function text(x: number, y: number, words: string, attributes: string): string {
  return `<text x="${short(x)}" y="${short(y)}"${attributes}>${escaped(words)}</text>`
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** A place to a tenth of a pixel. */
function short(value: number): string {
  return String(Math.round(value * 10) / 10)
}

/** A mark's number without the dust of floating point. */
function spoken(value: number): string {
  return String(Number(value.toPrecision(6)))
}
