import { runCli } from '../../../src/cli/main.ts'

/** What one run of the command printed, and its exit status. */
export interface CliRun {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Run the command in this process, as from a pipe. */
export async function cli(argv: readonly string[]): Promise<CliRun> {
  let stdout = ''
  let stderr = ''
  const status = await runCli(argv, {
    stdout: (text) => {
      stdout += text
    },
    stderr: (text) => {
      stderr += text
    },
    env: {},
    isTerminal: false,
    columns: undefined,
    signal: new AbortController().signal,
  })
  return { status, stdout, stderr }
}
