import { spawn } from 'node:child_process'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kill, release, watch } from '../../../packages/guest-kit/src/reaper.ts'
import { KitError, type Qemu } from '../../../packages/guest-kit/src/index.ts'
import { ConnectionError, QmpClient } from '../../../src/qmp/index.ts'
import { eventually } from '../support/eventually.ts'
import { CONSOLE_LOG } from './replacements.ts'

/** Put a `qemu-system-x86_64` into a folder of the path that is the kit's. */
export async function provideQemu({ command, prefixArgs, env }: Qemu, folder: string): Promise<void> {
  const words = [...Object.entries(env).map(([name, value]) => `${name}='${value}'`), 'exec']
  const program = [command, ...prefixArgs].map((word) => `'${word}'`)
  const file = join(folder, 'qemu-system-x86_64')
  await writeFile(file, `#!/bin/sh\n${[...words, ...program].join(' ')} "$@"\n`)
  await chmod(file, 0o755)
}

/** The terminal in which README's QEMU runs until the test ends. */
export interface QemuTerminal extends AsyncDisposable {
  /** Resolves when QEMU has its monitor, which then is free, and the guest has opened the agent's port. */
  readonly guestIsUp: (qmp: string) => Promise<void>
  /** Its command line, what it printed, and the end of the guest's console, for a test that fails. */
  readonly explain: () => Promise<string>
}

/** Run QEMU's command line in a shell of its own. */
export function runQemu(line: string, folder: string, env: NodeJS.ProcessEnv): QemuTerminal {
  const qemu = spawn('bash', ['--noprofile', '--norc', '-c', `exec ${line}`], { cwd: folder, env, stdio: 'pipe' })
  if (qemu.pid === undefined) throw new KitError('bash could not be started')
  const ward = { pid: qemu.pid, directory: folder, running: true }
  watch(ward)
  let printed = ''
  for (const stream of [qemu.stdout, qemu.stderr]) stream.on('data', (data) => (printed += String(data)))
  const ended = new Promise<void>((resolve) => {
    qemu.once('close', () => {
      ward.running = false
      resolve()
    })
  })
  const gone = ended.then(() => Promise.reject(new Error(`QEMU ended: ${printed}`)))
  gone.catch(() => undefined)
  return {
    explain: async () => `${line}\n${printed}\n${(await readFile(join(folder, CONSOLE_LOG), 'utf8')).slice(-4_000)}`,
    guestIsUp: (qmp) => Promise.race([agentIsThere(qmp), gone]),
    [Symbol.asyncDispose]: async () => {
      kill(ward)
      await ended
      release(ward)
    },
  }
}

async function agentIsThere(qmp: string): Promise<void> {
  const monitor = await eventually('QEMU has its monitor', () => connected(qmp))
  try {
    const events = monitor.events()
    const chardevs = (await monitor.execute('query-chardev')) as { label: string; 'frontend-open': boolean }[]
    if (chardevs.some((chardev) => chardev.label === 'qga' && chardev['frontend-open'])) return
    for await (const { event, data } of events) if (event === 'VSERPORT_CHANGE' && data['open'] === true) return
  } finally {
    await monitor.close()
  }
}

async function connected(qmp: string): Promise<QmpClient | undefined> {
  try {
    return await QmpClient.connect(qmp)
  } catch (error) {
    if (error instanceof ConnectionError) return undefined
    throw error
  }
}
