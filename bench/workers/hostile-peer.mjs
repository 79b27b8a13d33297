// The hostile server of a worker, in a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Start it beside the instant server at `path`, whose replies it gives where it has none of its own. */
export async function startHostile(path, kind, bytes = 0) {
  const directory = dirname(path)
  const socket = join(directory, `hostile-${process.pid}.sock`)
  const script = fileURLToPath(new URL('../server/hostile.mjs', import.meta.url))
  const args = [script, socket, kind, String(bytes), join(directory, 'replies')]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return {
    path: socket,
    begin: () => child.stdin.write('go\n'),
    /** Resolves when all bytes have left. */
    sent: once(child.stdout, 'data'),
    end: () => child.stdin.end(),
  }
}
