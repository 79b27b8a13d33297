import { isRecord } from './conversation.ts'

/** Where the two peers differ, and how. */
export interface Difference {
  /** `replies.2.0.error.desc`. */
  readonly path: string
  readonly real: unknown
  readonly simulated: unknown
}

/** Every member in which two values differ; what one of them lacks is `undefined`. */
export function differences(real: unknown, simulated: unknown, path = ''): readonly Difference[] {
  if (Array.isArray(real) && Array.isArray(simulated)) {
    const length = Math.max(real.length, simulated.length)
    return Array.from({ length }, (_, at) => differences(real[at], simulated[at], joined(path, String(at)))).flat()
  }
  if (isRecord(real) && isRecord(simulated)) {
    const keys = [...new Set([...Object.keys(real), ...Object.keys(simulated)])]
    return keys.flatMap((key) => differences(real[key], simulated[key], joined(path, key)))
  }
  return Object.is(real, simulated) ? [] : [{ path, real, simulated }]
}

function joined(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`
}
