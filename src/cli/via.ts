import { spawn } from 'node:child_process'
import { Duplex } from 'node:stream'
import type { Clock } from '../index.ts'

/** How long a program has to end once it was asked to (SIGTERM), in milliseconds. */
const GRACE_MS = 1_000

/**
 * Dial a monitor that is the standard input and output of a program, such as `ssh HOST socat - UNIX-CONNECT:PATH`. The shell
 * runs it; its standard error stays the command's own, so that a question for a password is seen. When the connection is
 * closed, the program's input ends, and what still runs then is terminated.
 *
 * @param clock - what the program's time to end goes by
 * @throws what the shell cannot be started with
 */
export function dialProgram(program: string, clock: Clock): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // A group of its own: ^C at the terminal ends the command, which then ends the program.
    const child = spawn(program, { shell: true, stdio: ['pipe', 'pipe', 'inherit'], detached: true })
    const stream = Duplex.from({ readable: child.stdout, writable: child.stdin })
    const end = (signal: NodeJS.Signals): void => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
      try {
        process.kill(-child.pid, signal)
      } catch (error) {
        // It has ended in the meantime.
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
      }
    }
    stream.once('close', () => {
      end('SIGTERM')
      clock
        .after(GRACE_MS, () => {
          end('SIGKILL')
        })
        .unref()
    })
    child.once('exit', (code, signal) => {
      const how = signal === null ? `exited with ${String(code)}` : `was ended by ${signal}`
      // What it has written before is still read.
      if (code !== 0) child.stdout.once('close', () => stream.destroy(new Error(`the program of --via ${how}`)))
    })
    child.once('error', reject)
    child.once('spawn', () => {
      resolve(stream)
    })
  })
}
