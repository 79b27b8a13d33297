import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What is in use after everything that can be collected has been, in bytes. */
export async function heapInUse(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // Twice, with a turn in between: finalizers of the first free what the second finds.
  for (let turn = 0; turn < 2; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    collect()
  }
  return process.memoryUsage().heapUsed
}

/** Optimized code is made and thrown away as long as a program runs: it is not what leaks, and none is made in here. */
export async function withoutOptimizedCode<T>(task: () => Promise<T>): Promise<T> {
  setFlagsFromString('--no-opt')
  setFlagsFromString('--no-sparkplug')
  try {
    return await task()
  } finally {
    setFlagsFromString('--opt')
    setFlagsFromString('--sparkplug')
  }
}

/**
 * The least growth of the heap from one stretch to the next, in bytes. What leaks with each operation grows in every stretch;
 * caches, compiled code and chance do not.
 */
export async function leastGrowth(stretches: number, live: () => Promise<void>): Promise<number> {
  let least = Infinity
  let before = await heapInUse()
  for (let stretch = 0; stretch < stretches; stretch++) {
    await live()
    const after = await heapInUse()
    least = Math.min(least, after - before)
    before = after
  }
  return least
}
