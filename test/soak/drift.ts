import { fitLine, LEAST_POINTS, type Point } from './regression.ts'

/** A figure of a process that must not grow for as long as it does the same work. */
export interface Bounded {
  readonly name: string
  readonly unit: string
  /** How much it may grow between the warm-up and the end: what is smaller is not looked at. */
  readonly bound: number
}

/** What a series says about drift. Rates are per hour. */
export type Drift = Bounded &
  (
    | { readonly verdict: 'too-short'; readonly samples: number }
    | {
        readonly verdict: 'drift' | 'none'
        readonly samples: number
        readonly slope: number
        readonly halfWidth: number
        /** What the slope comes to in the time that was looked at. */
        readonly growth: number
      }
  )

const HOUR_MS = 3_600_000
/** The share of a run that is left out at its beginning: code is compiled, and every VM has its first life. */
const WARM_UP_SHARE = 0.25

/**
 * Does a figure grow? It drifts when the growth by its slope is above the bound, and the 95 % interval of the slope lies above 0.
 *
 * @param points - `x` in milliseconds since the run began
 */
export function judgeDrift(bounded: Bounded, points: readonly Point[], warmUpShare = WARM_UP_SHARE): Drift {
  const last = points.at(-1)?.x ?? 0
  const warm = points.filter(({ x }) => x >= last * warmUpShare)
  const first = warm[0]?.x ?? 0
  if (warm.length < LEAST_POINTS || first === last) {
    return { ...bounded, verdict: 'too-short', samples: warm.length }
  }
  const { slope, halfWidth } = fitLine(warm)
  const growth = slope * (last - first)
  const verdict = growth > bounded.bound && slope - halfWidth > 0 ? 'drift' : 'none'
  const rates = { slope: slope * HOUR_MS, halfWidth: halfWidth * HOUR_MS, growth }
  return { ...bounded, verdict, samples: warm.length, ...rates }
}

/** The verdict in words. */
export function describeDrift(drift: Drift): string {
  const { name, unit, bound } = drift
  const of = unit === '' ? '' : ` ${unit}`
  if (drift.verdict === 'too-short') return `${name}: too few samples after the warm-up (${drift.samples})`
  const { slope, halfWidth, growth, samples } = drift
  const [low, high] = [signed(slope - halfWidth), signed(slope + halfWidth)]
  return (
    `${name}: ${drift.verdict === 'drift' ? 'DRIFT' : 'no drift'}: ${signed(slope)}${of} an hour (95 %: ${low} to ${high}), ` +
    `${signed(growth)}${of} in ${samples} samples; bound ${bound}${of}`
  )
}

function signed(value: number): string {
  const text = value.toFixed(Math.abs(value) >= 100 ? 0 : 2)
  return value > 0 ? `+${text}` : text
}
