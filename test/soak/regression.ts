/** A point of a series. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A line through points, and how sure its slope is. */
export interface Line {
  readonly slope: number
  readonly intercept: number
  /** The slope is within so much of {@link Line.slope}, with 95 % confidence. */
  readonly halfWidth: number
}

/** The 97.5 % quantile of the normal distribution. */
const Z = 1.959964
/** So many points at least: a slope, an intercept and something to estimate the noise from. */
export const LEAST_POINTS = 5
/** Samples of a sawtooth follow one another closely; beyond this the correction has no meaning. */
const MOST_CORRELATION = 0.98

/**
 * The least-squares line, with the confidence interval of its slope. Neighbouring samples of a process resemble each other
 * (a heap rises until it is collected), so they count as fewer than they are: the variance is multiplied by (1 + r) / (1 - r),
 * r being the correlation of each residual with the next.
 *
 * @throws RangeError for fewer than {@link LEAST_POINTS} points, or points of a single x
 */
export function fitLine(points: readonly Point[]): Line {
  const count = points.length
  if (count < LEAST_POINTS) throw new RangeError(`${count} points, expected ${LEAST_POINTS} or more`)
  const meanX = mean(points.map(({ x }) => x))
  const meanY = mean(points.map(({ y }) => y))
  const spread = sum(points.map(({ x }) => (x - meanX) ** 2))
  if (spread === 0) throw new RangeError('every point has the same x')
  const slope = sum(points.map(({ x, y }) => (x - meanX) * (y - meanY))) / spread
  const intercept = meanY - slope * meanX
  const residuals = points.map(({ x, y }) => y - intercept - slope * x)
  const correlation = Math.min(MOST_CORRELATION, Math.max(0, neighbourCorrelation(residuals)))
  const inflation = (1 + correlation) / (1 - correlation)
  const variance = sum(residuals.map((residual) => residual ** 2)) / (count - 2)
  const error = Math.sqrt((variance * inflation) / spread)
  return { slope, intercept, halfWidth: studentQuantile(Math.max(3, count / inflation - 2)) * error }
}

/** The 97.5 % quantile of Student's distribution, by its expansion around the normal one; good from 3 degrees of freedom. */
export function studentQuantile(degrees: number): number {
  const [z3, z5, z7] = [Z ** 3, Z ** 5, Z ** 7]
  return (
    Z +
    (z3 + Z) / (4 * degrees) +
    (5 * z5 + 16 * z3 + 3 * Z) / (96 * degrees ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * Z) / (384 * degrees ** 3)
  )
}

/** The correlation of each value with the next one, of values whose mean is 0; 0 where they are all the same. */
function neighbourCorrelation(values: readonly number[]): number {
  const whole = sum(values.map((value) => value ** 2))
  if (whole === 0) return 0
  return sum(values.slice(1).map((value, at) => value * (values[at] ?? 0))) / whole
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length
}
