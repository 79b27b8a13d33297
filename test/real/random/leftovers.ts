import { createHook } from 'node:async_hooks'
import { setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

const LISTENED = [
  'unhandledRejection',
  'uncaughtException',
  'warning',
  'exit',
  'beforeExit',
  'SIGINT',
  'SIGTERM',
] as const

/** Our own timers that are armed, by their async id, with the stack of who armed them: a harness has timers too. */
const timers = new Map<number, string>()
createHook({
  init(id, type) {
    if (type !== 'Timeout') return
    const { stack = '' } = new Error('armed')
    if (stack.includes('/src/wire/')) timers.set(id, stack)
  },
  destroy(id) {
    timers.delete(id)
  },
}).enable()

/** What a process holds now: a Domain that has closed must leave it as it was. */
export class Leftovers {
  readonly #resources = resources()
  readonly #listeners = listeners()

  /** @throws when there are more handles, timers or listeners than when this was made */
  async expectNone(): Promise<void> {
    // What is closed is freed in the turn after its `close` event.
    await turn()
    await turn()
    const now = { ...resources(), ...listeners() }
    const before: Record<string, number> = { ...this.#resources, ...this.#listeners }
    const left = Object.entries(now).filter(([name, count]) => count > (before[name] ?? 0))
    if (left.length === 0) return
    const words = left.map(([name, count]) => `${name}: ${count}, before ${before[name] ?? 0}`)
    throw new Error(['after close() there are left: ' + words.join('; '), ...timers.values()].join('\n'))
  }
}

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Bytes that are in use once everything that can be freed is. */
export async function heapInUse(): Promise<number> {
  await turn()
  collect()
  await turn()
  collect()
  return process.memoryUsage().heapUsed
}

function resources(): Record<string, number> {
  const counts: Record<string, number> = { 'timers of this package': timers.size }
  for (const name of process.getActiveResourcesInfo()) if (name !== 'Timeout') counts[name] = (counts[name] ?? 0) + 1
  return counts
}

function listeners(): Record<string, number> {
  return Object.fromEntries(LISTENED.map((name) => [`listeners of ${name}`, process.listenerCount(name)]))
}
