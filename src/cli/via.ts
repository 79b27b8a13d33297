import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { Duplex, type Readable, type Writable } from 'node:stream'
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
    const stream = joined(child, clock)
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

type Program = ChildProcessByStdio<Writable, Readable, null>

/**
 * A program's input and output as one stream. Where the program fails, its status is the reason, and not its silence, or that it
 * reads no longer; what it wrote before that is read first, for which reason `Duplex.from` does not do.
 */
function joined(child: Program, clock: Clock): Duplex {
  const { promise: ended, giveUp } = endOf(child, clock)
  const stream = new Duplex({
    read: () => void child.stdout.resume(),
    write: (chunk, _, done) => {
      child.stdin.write(chunk, (error) => {
        if (error instanceof Error) fail(error)
        else done()
      })
    },
    final: (done) => void child.stdin.end(done),
    destroy: (error, done) => {
      child.stdin.destroy()
      child.stdout.destroy()
      done(error)
    },
  })
  const fail = (error: Error): void => {
    giveUp()
    ended.then((failure) => stream.destroy(failure ?? error), fail)
  }
  child.stdin.on('error', fail)
  child.stdout.on('error', fail)
  child.stdout.on('data', (chunk) => {
    if (!stream.push(chunk)) child.stdout.pause()
  })
  child.stdout.once('end', () => {
    giveUp()
    ended.then((failure) => (failure === undefined ? stream.push(null) : stream.destroy(failure)), fail)
  })
  return stream
}

/** Resolves with how a program failed, or with `undefined`: it did not, or it lives on a while after it was given up. */
function endOf(
  child: Program,
  clock: Clock,
): { readonly promise: Promise<Error | undefined>; readonly giveUp: () => void } {
  let resolve: (failure: Error | undefined) => void = () => undefined
  const promise = new Promise<Error | undefined>((settle) => {
    resolve = settle
  })
  child.once('exit', (code, signal) => {
    const how = signal === null ? `exited with ${String(code)}` : `was ended by ${signal}`
    resolve(code === 0 ? undefined : new Error(`the program of --via ${how}`))
  })
  const giveUp = (): void => {
    clock
      .after(GRACE_MS, () => {
        resolve(undefined)
      })
      .unref()
  }
  return { promise, giveUp }
}
