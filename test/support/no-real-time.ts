// Set up before each file of the unit project: a test in which anything sets a real timer shorter than this fails, whoever's
// code sets it. What a slow day can stretch belongs to virtual time (passing-clock.ts), not to a time-out that is met by luck.
import { afterEach } from 'vitest'
// Virtual time does not wait for files: what a Domain loads when it is needed is loaded before.
import '../../src/domain/doctor/run-checks.ts'

const SHORTEST_MS = 5_000
/** Files share their process: the timers are guarded once, and what was seen belongs to whichever test runs. */
const SEEN = Symbol.for('qemu-vcpu: real timers that were set')

const scope = globalThis as typeof globalThis & { [SEEN]?: string[] }
if (scope[SEEN] === undefined) {
  const seen: string[] = []
  scope[SEEN] = seen
  globalThis.setTimeout = guarded(globalThis.setTimeout, seen)
  globalThis.setInterval = guarded(globalThis.setInterval, seen)
}

afterEach(() => {
  const timers = scope[SEEN]?.splice(0) ?? []
  if (timers.length > 0) throw new Error(`real time in a unit test:\n${timers.join('\n')}`)
})

/** The same function, which notes short delays; 0 ms is none. It sees neither fake timers nor those of Vitest and of Node itself. */
function guarded<T extends (...args: never[]) => unknown>(real: T, seen: string[]): T {
  return new Proxy(real, {
    apply: (target, self, args: readonly unknown[]): unknown => {
      const ms = Number(args[1] ?? 0)
      if (ms > 0 && ms < SHORTEST_MS) seen.push(new Error(`a timer of ${ms} ms`).stack ?? '')
      return Reflect.apply(target, self, args)
    },
  })
}
