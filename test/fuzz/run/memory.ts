/** What this process holds, in bytes. */
export interface Memory {
  readonly heap: number
  readonly external: number
  readonly rss: number
}

/** Collects what can be collected; `undefined` where the process was not started with `--expose-gc`. */
const collect = globalThis.gc

/** What is held once everything that can be collected has been. */
export async function memoryInUse(): Promise<Memory> {
  // Twice, with a turn in between: finalizers of the first free what the second finds.
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect?.()
  }
  const { heapUsed: heap, external, rss } = process.memoryUsage()
  return { heap, external, rss }
}

/** By how much the heap and what it holds outside have grown, in bytes: what leaks is among it. */
export function growthOf(before: Memory, after: Memory): number {
  return after.heap + after.external - before.heap - before.external
}

/** Bytes, for people. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`
}
