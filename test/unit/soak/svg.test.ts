import { describe, expect, test } from 'vitest'
import { axisOf, drawPlot, thinned, type Plot } from '../../soak/svg.ts'

const PLOT: Plot = {
  title: 'A run of <3 minutes> & more',
  notes: ['seed "7"'],
  xLabel: 'minutes',
  panels: [
    {
      title: 'MiB',
      lines: [
        {
          name: 'heap',
          colour: '#06c',
          points: [
            { x: 0, y: 0 },
            { x: 10, y: 50 },
          ],
        },
      ],
    },
    { title: 'handles', lines: [{ name: 'handles', colour: '#c60', points: [] }] },
  ],
}

describe('an axis', () => {
  test('has round marks that hold every value', () => {
    expect(axisOf([0, 3, 47], 100, 5).ticks).toEqual([0, 10, 20, 30, 40, 50])
    expect(axisOf([0, 0.7], 100, 5).ticks.map((tick) => tick.toFixed(1))).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8'])
    expect(axisOf([1_000, 2_900], 100, 4).ticks).toEqual([1_000, 1_500, 2_000, 2_500, 3_000])
  })

  test('places its ends at its ends', () => {
    const { ticks, place } = axisOf([0, 47], 200, 5)
    expect(place(ticks[0] ?? NaN)).toBe(0)
    expect(place(ticks.at(-1) ?? NaN)).toBe(200)
  })

  test.each([[[]], [[5]], [[0, 0]], [[Number.NaN]]])('of %j has an extent all the same', (values) => {
    const { ticks, place } = axisOf(values, 100, 5)
    expect(ticks.length).toBeGreaterThan(1)
    expect(Number.isFinite(place(1))).toBe(true)
  })
})

describe('a plot', () => {
  const svg = drawPlot(PLOT)

  test('is well-formed: what is opened is closed, and text is escaped', () => {
    const open = [...svg.matchAll(/<(\w+)[^>]*[^/]>/g)].map(([, name]) => name)
    const closed = [...svg.matchAll(/<\/(\w+)>/g)].map(([, name]) => name)
    expect([...open].sort()).toEqual([...closed].sort())
    expect(svg).toContain('A run of &lt;3 minutes&gt; &amp; more')
    expect(svg).toContain('seed &quot;7&quot;')
  })

  test('has its lines between its axes, names beside them, and a label', () => {
    expect(svg).toContain('<polyline fill="none" stroke="#06c" stroke-width="1.3" points="64,225 780,75"/>')
    expect(svg).toContain('fill="#06c">heap</text>')
    expect(svg).toContain('>minutes</text>')
    expect(svg).not.toContain('NaN')
  })

  test('a day of samples is less than 30 kB, and keeps its peaks', () => {
    const points = Array.from({ length: 8_640 }, (_, x) => ({ x, y: x === 4_321 ? 900 : (x * 7_919) % 300 }))
    const lines = ['p50', 'p99', 'max'].map((name) => ({ name, colour: '#06c', points }))
    expect(drawPlot({ ...PLOT, panels: [{ title: 'ms', lines }] }).length).toBeLessThan(30_000)
    expect(thinned(points)).toContainEqual({ x: 4_321, y: 900 })
    expect(thinned(points).length).toBeLessThanOrEqual(240)
  })
})
