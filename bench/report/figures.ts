import type { Comparison, Figure } from '../compare.ts'

/** A value in its unit, with three digits that mean something. */
export function valueText(value: number, unit: Comparison['unit']): string {
  switch (unit) {
    case 'us':
      return timeText(value)
    case 'bytes':
      return Math.abs(value) >= 10_000 ? `${grouped(value / 1_000)} kB` : `${grouped(value)} bytes`
    case 'count':
      return String(threeDigits(value))
  }
}

/** A ratio, with its spread where there is one. */
export function ratioText({ ratio, spread: [lowest, highest] }: Figure): string {
  if (lowest === highest) return two(ratio)
  return `${two(ratio)} (${two(lowest)}–${two(highest)})`
}

function timeText(us: number): string {
  if (Math.abs(us) >= 1_000) return `${threeDigits(us / 1_000)} ms`
  return Math.abs(us) >= 1 ? `${threeDigits(us)} µs` : `${threeDigits(us * 1_000)} ns`
}

function threeDigits(value: number): number {
  return Number(value.toPrecision(3))
}

function two(ratio: number): string {
  return ratio >= 100 ? ratio.toFixed(0) : ratio.toFixed(2)
}

function grouped(value: number): string {
  return threeDigits(value).toLocaleString('en')
}
