import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** How to run a program in a network namespace of its own: with a user namespace, which needs no rights, or as root. */
const WAYS = [
  ['unshare', '--user', '--map-root-user', '--net'],
  ['unshare', '--net'],
] as const

/** A way that works on this host, seen by bringing up a loopback device; or why there is none. */
export type NetworkNamespace = { readonly run: readonly string[] } | { readonly refused: string }

/** Try to make a network namespace and to change a device in it. */
export async function networkNamespace(): Promise<NetworkNamespace> {
  const why: string[] = []
  for (const way of WAYS) {
    const { status, output } = await runToEnd([...way, 'ip', 'link', 'set', 'lo', 'up'])
    if (status === 0) return { run: way }
    why.push(`${way.join(' ')}: ${output.trim()}`)
  }
  return { refused: why.join('; ') }
}

/** Run a program until it ends. */
export async function runToEnd(
  argv: readonly string[],
  cwd?: string,
): Promise<{ status: number | null; output: string }> {
  const [command = '', ...args] = argv
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], cwd })
  const failed = once(child, 'error').then(([error]) => ({ status: null, output: String(error) }))
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]).then(
    ([stdout, stderr]) => ({ status: child.exitCode, output: stdout + stderr }),
    (error: unknown) => ({ status: null, output: String(error) }),
  )
  return Promise.race([ended, failed])
}
