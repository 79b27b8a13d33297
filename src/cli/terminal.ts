// The one file that knows the process's terminal: raw keys, its size, and that it is given back whichever way the process ends.
import { writeSync } from 'node:fs'
import { isatty } from 'node:tty'
import type { HeldTerminal, TerminalHold } from './io.ts'

/** ^Z, which a terminal sends as a key while keys are raw. */
const SUSPEND = '\u001a'
/** A process that could be suspended has been by then, in milliseconds. */
const SUSPENDED_WITHIN_MS = 100
/** What ends a process unless it is handled. `SIGINT` and `SIGTERM` are handled elsewhere, the first time. */
const HANDLED_ONCE = ['SIGINT', 'SIGTERM'] as const
const DEADLY = ['SIGHUP', 'SIGQUIT'] as const

/** Is there a terminal on both sides: one that shows, and one whose keys can be read? */
export function hasTerminal(): boolean {
  return isatty(process.stdin.fd) && isatty(process.stdout.fd)
}

/**
 * Take the terminal: keys come raw and unechoed. Until it is released it is given back should the process end:
 * by an exception (before its stack is printed), by `process.exit`, by a second SIGINT or SIGTERM, by SIGHUP or SIGQUIT; and for
 * as long as ^Z suspends it.
 */
export function holdTerminal({ onInput, onResize, enter, leave }: TerminalHold): HeldTerminal {
  const { stdin, stdout } = process
  let isHeld = true
  let isReleased = false
  const giveBack = (): void => {
    if (!isHeld) return
    isHeld = false
    stdin.setRawMode(false)
    write(leave)
  }
  const takeAgain = (): void => {
    if (isHeld || isReleased) return
    isHeld = true
    stdin.setRawMode(true)
    write(enter)
    onResize()
  }
  const onData = (chunk: Buffer): void => {
    const input = chunk.toString('latin1')
    if (!input.includes(SUSPEND)) {
      onInput(input)
      return
    }
    giveBack()
    // As the terminal would: the whole group, a wrapper of this process included.
    process.kill(0, 'SIGTSTP')
    // Where no shell could continue it, the kernel does not suspend it.
    setTimeout(takeAgain, SUSPENDED_WITHIN_MS).unref()
  }
  const signals = watchSignals(giveBack)
  stdin.setRawMode(true)
  stdin.on('data', onData)
  // The terminal has gone: there are no more keys.
  stdin.on('error', () => undefined)
  stdin.resume()
  stdout.on('resize', onResize)
  process.on('SIGCONT', takeAgain)
  process.on('exit', giveBack)
  process.on('uncaughtExceptionMonitor', giveBack)
  const release = (): void => {
    signals.end()
    stdin.off('data', onData)
    stdin.pause()
    stdout.off('resize', onResize)
    process.off('SIGCONT', takeAgain)
    process.off('exit', giveBack)
    process.off('uncaughtExceptionMonitor', giveBack)
    if (isHeld) stdin.setRawMode(false)
    isHeld = false
    isReleased = true
  }
  return { isHeld: () => isHeld, release }
}

function watchSignals(giveBack: () => void): { readonly end: () => void } {
  const handlers = new Map<NodeJS.Signals, () => void>()
  const end = (): void => {
    for (const [signal, handler] of handlers) process.off(signal, handler)
  }
  const dieBy = (signal: NodeJS.Signals): void => {
    giveBack()
    end()
    process.kill(process.pid, signal)
  }
  for (const signal of HANDLED_ONCE) {
    let count = 0
    handlers.set(signal, () => {
      if (++count > 1) dieBy(signal)
    })
  }
  for (const signal of DEADLY) {
    handlers.set(signal, () => {
      dieBy(signal)
    })
  }
  for (const [signal, handler] of handlers) process.on(signal, handler)
  return { end }
}

/** At once: nothing runs after it. */
function write(text: string): void {
  try {
    writeSync(process.stdout.fd, text)
  } catch (error) {
    // A terminal that has gone needs nothing given back.
    if (!(error instanceof Error && 'code' in error && (error.code === 'EIO' || error.code === 'EPIPE'))) throw error
  }
}
