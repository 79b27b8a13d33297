/** Turns of the event loop that are always waited for: a task of the first may queue one for the second. */
const MIN_TURNS = 2
/** And at most: a loop of immediates that never ends must not stop time. */
const MAX_TURNS = 1_000

/**
 * Resolves when nothing in this process has anything left to do without time passing: promises, ticks and immediates have
 * run, and what they queued has run too. Connections inside the process ({@link memoryPair}) are at rest by then; sockets
 * and files are the kernel's, and are not waited for.
 */
export async function quiescence(): Promise<void> {
  for (let turn = 1; turn <= MAX_TURNS; turn++) {
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
    if (turn >= MIN_TURNS && !process.getActiveResourcesInfo().includes('Immediate')) return
  }
}
