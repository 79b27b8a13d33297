import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** The command's source. */
export const BIN = fileURLToPath(new URL('../../../../src/cli/bin.ts', import.meta.url))

/** A folder for sockets, which goes with the test. */
export async function socketFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qemu-vcpu-sim-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  return folder
}

/** `qemu-vcpu sim`, as a process of its own. */
export interface Sim {
  /** The line that it prints when it listens; `undefined` where it ends before. */
  readonly line: string | undefined
  readonly kill: (signal: NodeJS.Signals) => void
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>
}

/** Start it, and wait until it listens. */
export async function startSim(argv: readonly string[]): Promise<Sim> {
  const child = spawn(process.execPath, ['--import', 'tsx', BIN, 'sim', ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const ended = Promise.all([text(child.stderr), once(child, 'close')]).then(([stderr]) => ({
    code: child.exitCode,
    stderr,
  }))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const first = await lines.next()
  return {
    line: first.done === true ? undefined : first.value,
    kill: (signal) => child.kill(signal),
    ended,
  }
}
