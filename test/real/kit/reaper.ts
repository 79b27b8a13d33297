import { rmSync } from 'node:fs'

/** Child processes and their directories that must not outlive this process. */
const alive = new Map<number, string>()
let armed = false

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Remembers a child until {@link forget}: if this process ends first, the child is killed and its directory removed. */
export function remember(pid: number, directory: string): void {
  alive.set(pid, directory)
  if (armed) return
  armed = true
  process.on('exit', reap)
  for (const signal of signals) process.on(signal, onSignal)
}

/** The child has ended. */
export function forget(pid: number): void {
  alive.delete(pid)
}

/** Kills a child by its pid; one that has ended already is fine. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // ESRCH: it has ended by itself.
  }
}

function reap(): void {
  for (const [pid, directory] of alive) {
    kill(pid)
    rmSync(directory, { recursive: true, force: true })
  }
  alive.clear()
}

/** Having a listener took the signal's own effect away; unless somebody else listens too, it is given back. */
function onSignal(signal: NodeJS.Signals): void {
  reap()
  if (process.listenerCount(signal) > 1) return
  process.removeListener(signal, onSignal)
  process.kill(process.pid, signal)
}
