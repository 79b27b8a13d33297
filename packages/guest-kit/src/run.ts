import { execFile } from 'node:child_process'
import { KitError } from './kit-error.ts'

/** How {@link run} runs its command. */
export interface RunOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
  /** The command is killed after this long. */
  readonly timeoutMs: number
}

/** What a command wrote. */
export interface RunResult {
  readonly stdout: string
  readonly stderr: string
}

const maxOutputBytes = 64 * 1024 * 1024

/**
 * Runs a command to its end and returns what it wrote.
 *
 * @throws KitError when it cannot be started, fails or takes longer than `timeoutMs`; the message holds the last lines of
 * its stderr.
 */
export function run(command: string, args: readonly string[], options: RunOptions): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    execFile(
      command,
      args,
      {
        cwd: options.cwd,
        env: options.env,
        timeout: options.timeoutMs,
        killSignal: 'SIGKILL',
        maxBuffer: maxOutputBytes,
        encoding: 'utf8',
      },
      (error, stdout, stderr) => {
        if (error === null) {
          resolve({ stdout, stderr })
          return
        }
        const why =
          error.killed === true ? `did not end within ${options.timeoutMs} ms` : `failed (${String(error.code)})`
        const said = stderr.trim().split('\n').slice(-6).join('\n')
        reject(new KitError(`${command} ${why}${said === '' ? '' : `:\n${said}`}`, { cause: error }))
      },
    )
  })
}
