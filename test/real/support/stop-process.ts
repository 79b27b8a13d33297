import { readFile } from 'node:fs/promises'
import { eventually } from './eventually.ts'

/** Send SIGSTOP and wait until the process has stopped: it does so when its host next runs it, not when `kill` returns. */
export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  await eventually(`process ${pid} has stopped`, async () =>
    /^State:\tT/m.test(await readFile(`/proc/${pid}/status`, 'utf8')),
  )
}
