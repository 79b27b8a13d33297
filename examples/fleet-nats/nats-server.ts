// Debian's nats-server on loopback, on a port that the system chooses: the guest kit downloads the package, verifies it, and unpacks
// it into its cache. Nothing is installed, and root is not needed.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ensureProgram } from '../../packages/guest-kit/src/index.ts'

const START_MS = 60_000

/** A server that listens. */
export interface NatsServer extends AsyncDisposable {
  readonly url: string
}

export async function startServer(): Promise<NatsServer> {
  const { command, prefixArgs } = await ensureProgram('nats-server', console.error)
  const folder = await mkdtemp(join(tmpdir(), 'fleet-nats-'))
  const options = ['--addr', '127.0.0.1', '--port', '-1', '--ports_file_dir', folder]
  const child = spawn(command, [...prefixArgs, ...options], { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (text: Buffer) => {
    said = `${said}${String(text)}`.slice(-2_000)
  })
  // It must not outlive this process, whatever ends that.
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    await endOf(child)
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await once(child, 'spawn')
    const endMs = performance.now() + START_MS
    let url: string | undefined
    while ((url = await urlIn(folder)) === undefined) {
      if (child.exitCode !== null || performance.now() > endMs) throw new Error(`nats-server does not start: ${said}`)
      await pause(50)
    }
    return { url, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** The server writes where it listens into a file; it may be read before it is whole. */
async function urlIn(folder: string): Promise<string | undefined> {
  const file = (await readdir(folder)).find((name) => name.endsWith('.ports'))
  const text = file === undefined ? '' : await readFile(join(folder, file), 'utf8')
  return /nats:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0]
}

/** End a process, and wait until it has. */
export async function endOf(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
