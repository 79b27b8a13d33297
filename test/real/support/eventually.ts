import { setTimeout as delay } from 'node:timers/promises'

const FENCE_MS = 60_000
const BETWEEN_LOOKS_MS = 20

/**
 * Look again until `look` gives something other than `undefined` or `false`. For what the guest does in its own time; the
 * fence is against a hang and measures nothing.
 */
export async function eventually<T>(what: string, look: () => Promise<T | undefined | false>): Promise<T> {
  const endsAt = performance.now() + FENCE_MS
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen
    if (performance.now() > endsAt) throw new Error(`never came about: ${what}`)
    await delay(BETWEEN_LOOKS_MS)
  }
}
