import type { CliIo } from '../../src/cli/io.ts'
import { runCli } from '../../src/cli/main.ts'
import { inMemory } from './addresses-in-memory.ts'

/** What one run of the command printed, and its exit code. */
export interface CliRun {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Run the command in this process: as from a pipe, and where its VM is in memory in virtual time, unless `io` says otherwise. */
export async function runCommand(argv: readonly string[], io: Partial<CliIo> = {}): Promise<CliRun> {
  let stdout = ''
  let stderr = ''
  const code = await runCli(argv, {
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
    ...inMemory(argv),
    ...io,
  })
  return { code, stdout, stderr }
}
