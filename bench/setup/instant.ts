import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inRepository } from '../../scripts/formatted-page.ts'
import { pinned, type Core } from './cores.ts'

/** What each command is answered with: `return`, as JSON. */
export type Replies = Readonly<Record<string, string>>

/** A monitor that answers at once, in a process of its own; the agent's socket has `.qga` at its end. */
export interface InstantServer extends AsyncDisposable {
  readonly path: string
}

/** How to run the server: compiled, or where there is no compiler as a script. */
export interface InstantProgram {
  readonly command: readonly string[]
  /** Which one it is, for people. */
  readonly note: string
}

/** Compile the server with this host's C compiler. */
export function compileInstant(directory: string): InstantProgram {
  const program = join(directory, 'instant')
  for (const compiler of ['cc', 'gcc', 'clang']) {
    const { status } = spawnSync(compiler, ['-O2', '-o', program, inRepository('bench/server/instant.c')])
    if (status === 0) return { command: [program], note: `The instant server is C, compiled with ${compiler}.` }
  }
  return {
    command: [process.execPath, inRepository('bench/server/instant.mjs')],
    note: 'The instant server is JavaScript: this host has no C compiler. Its own cost is in each of its rows.',
  }
}

/** Start it, and wait until it listens. */
export async function startInstant(program: InstantProgram, replies: Replies, core: Core): Promise<InstantServer> {
  const directory = await mkdtemp(join(tmpdir(), 'instant-'))
  const path = join(directory, 'qmp.sock')
  await mkdir(join(directory, 'replies'))
  for (const [command, reply] of Object.entries(replies)) await writeFile(join(directory, 'replies', command), reply)
  const [command, ...args] = pinned(core, [...program.command, path, join(directory, 'replies')])
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return {
    path,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'close')
      child.stdin.end()
      await ended
      await rm(directory, { recursive: true })
    },
  }
}
