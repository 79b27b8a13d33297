import type { Comparison } from '../compare.ts'
import type { Result } from './page.ts'

const OURS = 'qemu-vcpu'
const PEERS = ['node-qemu', 'qemu-qmp', 'fastbitset', 'typedfastbitset', 'bitset']
const [LEFT, WIDTH, LINE, TOP] = [310, 760, 16, 52]
/** The ends of the scale, as ratios. */
const [LEAST, MOST] = [0.25, 64]
const INKS = { text: '#57606a', grid: '#d0d7de', one: '#57606a', ours: '#0969da', peer: '#bf8700' }

interface Bar {
  readonly title: string
  readonly ours: number
  readonly bestPeer: number | undefined
}

/** One line for each comparison, on a logarithmic scale of ratios; 1 is what each one is compared with. As SVG. */
export function chartSvg(results: readonly Result[]): string {
  const bars = results.flatMap(({ row, comparisons }) =>
    comparisons.flatMap((comparison) => barOf(row.name, comparison)),
  )
  const height = TOP + bars.length * LINE + 12
  const marks = [0.5, 1, 2, 4, 8, 16, 32]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="11">`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    circle(LEFT, 14, INKS.ours),
    label(LEFT + 10, 18, 'qemu-vcpu'),
    circle(LEFT + 110, 14, INKS.peer),
    label(LEFT + 120, 18, 'best peer'),
    label(LEFT + 220, 18, 'shorter is faster, or smaller'),
    ...marks.flatMap((mark) => [
      `<line x1="${x(mark)}" x2="${x(mark)}" y1="${TOP - 10}" y2="${height - 8}" stroke="${mark === 1 ? INKS.one : INKS.grid}"/>`,
      `<text x="${x(mark)}" y="${TOP - 16}" text-anchor="middle" fill="${INKS.text}">${mark}</text>`,
    ]),
    ...bars.flatMap(drawn),
    '</svg>',
    '',
  ].join('\n')
}

function barOf(row: string, { title, figures }: Comparison): Bar[] {
  const ours = figures.find(({ subject }) => subject === OURS || subject === 'CpuMap' || subject === `${OURS} map`)
  if (ours === undefined || figures.length === 1) return []
  const peers = figures.filter(({ subject }) => PEERS.includes(subject)).map(({ ratio }) => ratio)
  return [
    { title: `${row}: ${title}`, ours: ours.ratio, bestPeer: peers.length === 0 ? undefined : Math.min(...peers) },
  ]
}

function drawn({ title, ours, bestPeer }: Bar, at: number): string[] {
  const y = TOP + at * LINE + LINE / 2
  return [
    `<text x="${LEFT - 12}" y="${y + 4}" text-anchor="end" fill="${INKS.text}">${escaped(title)}</text>`,
    `<line x1="${x(1)}" x2="${x(ours)}" y1="${y}" y2="${y}" stroke="${INKS.ours}" stroke-width="6"/>`,
    circle(x(ours), y, INKS.ours),
    ...(bestPeer === undefined ? [] : [circle(x(bestPeer), y, INKS.peer)]),
  ]
}

function x(ratio: number): number {
  const within = Math.min(MOST, Math.max(LEAST, ratio))
  return Math.round(LEFT + (Math.log(within / LEAST) / Math.log(MOST / LEAST)) * (WIDTH - LEFT - 20))
}

function circle(cx: number, cy: number, ink: string): string {
  return `<circle cx="${cx}" cy="${cy}" r="4" fill="${ink}"/>`
}

function label(at: number, y: number, text: string): string {
  return `<text x="${at}" y="${y}" fill="${INKS.text}">${text}</text>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('`', '')
}
