import { describe, expect, test } from 'vitest'
import { Random } from '../../../src/testing/index.ts'
import { describeDrift, judgeDrift } from '../../soak/drift.ts'
import { fitLine, LEAST_POINTS, studentQuantile, type Point } from '../../soak/regression.ts'

const HEAP = { name: 'heap', unit: 'MiB', bound: 8 }
const MINUTE_MS = 60_000

/** A sample every 10 s for half an hour. */
function series(valueAt: (minute: number, at: number) => number): Point[] {
  return Array.from({ length: 181 }, (_, at) => ({ x: at * 10_000, y: valueAt(at / 6, at) }))
}

describe('a line through points', () => {
  test('of points on a line is that line, and certain', () => {
    const line = fitLine([0, 1, 2, 3, 4, 5].map((x) => ({ x, y: 3 * x + 7 })))
    expect(line.slope).toBeCloseTo(3)
    expect(line.intercept).toBeCloseTo(7)
    expect(line.halfWidth).toBeCloseTo(0)
  })

  test('has the interval of the textbook where residuals are independent', () => {
    // By hand: 33.85 / 17.5; residual variance 0.1527 / 4, so 2.776 × √(0.0382 / 17.5). Neighbours do not resemble each other.
    const line = fitLine([2.1, 3.8, 6.1, 7.7, 10, 11.6].map((y, at) => ({ x: at, y })))
    expect(line.slope).toBeCloseTo(1.934, 3)
    expect(line.halfWidth).toBeCloseTo(0.13, 2)
  })

  test('contains the slope in some 95 of 100 noisy series', () => {
    const random = new Random(5)
    const noise = (): number => random.next() + random.next() + random.next() - 1.5
    const hits = Array.from({ length: 1_000 }, () => {
      const { slope, halfWidth } = fitLine(Array.from({ length: 40 }, (_, x) => ({ x, y: 0.02 * x + noise() })))
      return Math.abs(slope - 0.02) <= halfWidth
    }).filter((isHit) => isHit).length
    expect(hits).toBeGreaterThan(930)
    expect(hits).toBeLessThan(990)
  })

  test('is less sure of samples that follow one another closely', () => {
    const random = new Random(8)
    const independent = Array.from({ length: 60 }, (_, x) => ({ x, y: random.next() }))
    const sawtooth = Array.from({ length: 60 }, (_, x) => ({ x, y: (x % 20) / 20 }))
    expect(fitLine(sawtooth).halfWidth).toBeGreaterThan(3 * fitLine(independent).halfWidth)
  })

  test('needs points enough, and more than one x', () => {
    expect(() => fitLine(Array.from({ length: LEAST_POINTS - 1 }, (_, x) => ({ x, y: x })))).toThrow(RangeError)
    expect(() => fitLine(Array.from({ length: 9 }, (_, y) => ({ x: 1, y })))).toThrow(RangeError)
  })

  test.each([
    [3, 3.182],
    [4, 2.776],
    [10, 2.228],
    [30, 2.042],
    [1_000, 1.962],
  ])('Student’s quantile for %i degrees of freedom is %f', (degrees, quantile) => {
    expect(Math.abs(studentQuantile(degrees) - quantile)).toBeLessThan(0.03)
  })
})

describe('drift', () => {
  const random = new Random(11)
  const sawtooth = (at: number): number => (at % 7) * 3 + random.next()

  test('a flat sawtooth has none', () => {
    expect(
      judgeDrift(
        HEAP,
        series((_, at) => 90 + sawtooth(at)),
      ).verdict,
    ).toBe('none')
  })

  test('a leak below the noise of a sawtooth is found', () => {
    // 40 MiB an hour beneath teeth of 20 MiB.
    const drift = judgeDrift(
      HEAP,
      series((minute, at) => 90 + sawtooth(at) + (40 * minute) / 60),
    )
    expect(drift).toMatchObject({ verdict: 'drift' })
    if (drift.verdict === 'drift') expect(drift.slope).toBeCloseTo(40, -1)
  })

  test('what grows by less than the bound is none, however certain', () => {
    expect(
      judgeDrift(
        HEAP,
        series((minute) => 90 + minute / 10),
      ).verdict,
    ).toBe('none')
  })

  test('what grows by more, and is not certain, is none', () => {
    const jumps = series((_, at) => 90 + (at > 150 ? 12 : 0) + (at < 60 ? 40 * random.next() : 0))
    expect(judgeDrift({ ...HEAP, bound: 0.001 }, jumps, 0).verdict).toBe('none')
  })

  test('a warm-up that rises and then stays is none', () => {
    expect(
      judgeDrift(
        HEAP,
        series((minute, at) => 90 + 20 * Math.min(7, minute) + sawtooth(at)),
      ).verdict,
    ).toBe('none')
  })

  test('a figure that falls has none', () => {
    expect(
      judgeDrift(
        HEAP,
        series((minute) => 200 - minute),
      ).verdict,
    ).toBe('none')
  })

  test('handles that are lost one a minute are found though they are whole numbers', () => {
    const handles = { name: 'handles', unit: '', bound: 8 }
    expect(
      judgeDrift(
        handles,
        series((minute) => 250 + Math.floor(minute)),
      ).verdict,
    ).toBe('drift')
  })

  test('a run of a minute is too short to tell', () => {
    const drift = judgeDrift(HEAP, series((minute) => minute).slice(0, 5))
    expect(drift).toMatchObject({ verdict: 'too-short', samples: 4 })
    expect(describeDrift(drift)).toBe('heap: too few samples after the warm-up (4)')
  })

  test('is said in words', () => {
    const points = Array.from({ length: 13 }, (_, at) => ({ x: at * 5 * MINUTE_MS, y: 100 + at * 2 }))
    expect(describeDrift(judgeDrift(HEAP, points, 0))).toBe(
      'heap: DRIFT: +24.00 MiB an hour (95 %: +24.00 to +24.00), +24.00 MiB in 13 samples; bound 8 MiB',
    )
  })
})
