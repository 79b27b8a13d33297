import { rmSync } from 'node:fs'

/** A child process and the directory of its sockets, neither of which may outlive this process. */
export interface Ward {
  readonly pid: number
  readonly directory: string
  /** False once the child has ended: its pid may be somebody else's by then. */
  running: boolean
}

const wards = new Set<Ward>()
let armed = false

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Until {@link release}: if this process ends first, the child is killed and its directory removed. */
export function watch(ward: Ward): void {
  wards.add(ward)
  if (armed) return
  armed = true
  process.on('exit', reap)
  for (const signal of signals) process.on(signal, onSignal)
}

/** The child has ended and its directory is gone. */
export function release(ward: Ward): void {
  wards.delete(ward)
}

/** Kills the child by its pid; one that has ended already is fine. */
export function kill(ward: Ward): void {
  if (!ward.running) return
  try {
    process.kill(ward.pid, 'SIGKILL')
  } catch {
    // ESRCH: it has ended and Node has not said so yet.
  }
}

function reap(): void {
  for (const ward of wards) {
    kill(ward)
    rmSync(ward.directory, { recursive: true, force: true })
  }
  wards.clear()
}

/** Having a listener took the signal's own effect away; unless somebody else listens too, it is given back. */
function onSignal(signal: NodeJS.Signals): void {
  reap()
  if (process.listenerCount(signal) > 1) return
  process.removeListener(signal, onSignal)
  process.kill(process.pid, signal)
}
