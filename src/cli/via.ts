import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { Duplex, PassThrough, type Readable, type TransformCallback, type Writable } from 'node:stream'
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
    const stream = Duplex.from({ readable: outputUntilExit(child, clock), writable: child.stdin })
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
    child.once('error', reject)
    child.once('spawn', () => {
      resolve(stream)
    })
  })
}

/** What a program writes; it fails behind that where the program does, so that its status is the reason, and not its silence. */
function outputUntilExit(child: ChildProcessByStdio<Writable, Readable, null>, clock: Clock): Readable {
  const exited = new Promise<Error | null>((resolve) => {
    child.once('exit', (code, signal) => {
      const how = signal === null ? `exited with ${String(code)}` : `was ended by ${signal}`
      resolve(code === 0 ? null : new Error(`the program of --via ${how}`))
    })
    // One that lives on without its output is of no more use.
    child.stdout.once('end', () => {
      clock
        .after(GRACE_MS, () => {
          resolve(null)
        })
        .unref()
    })
  })
  const flush = (done: TransformCallback): void => {
    exited.then(done, done)
  }
  return child.stdout.pipe(new PassThrough({ flush }))
}
