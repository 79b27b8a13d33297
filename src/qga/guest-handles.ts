import { inBackground } from '../wire/background.ts'
import { CommandError, ConnectionError } from '../errors/peer-errors.ts'
import type { Deadline } from '../wire/deadline.ts'
import { QGA_CLOSE_FILE_TIMEOUT_MS } from '../wire/defaults.ts'
import { callQga } from './commands.ts'
import type { QgaExecutor } from './executor.ts'

/** Most handles that are remembered for one executor. */
const MAX_OWED = 1_024

/**
 * Handles whose closing failed, by executor: an agent that did not answer may answer later. Its numbers grow, also from one
 * qemu-ga to the next in the same boot of the guest (it keeps the counter in its state file), so a late close is safe. After
 * another boot they begin again.
 */
const owedBy = new WeakMap<QgaExecutor, Set<number>>()

/**
 * Close a handle of the guest. Never rejects: a file that was read is no less read when its closing fails. Not under the
 * caller's signal or time-out, or the handle would stay open in the guest; one that could not be closed is closed by
 * {@link closeOwed}.
 */
export async function closeHandle(executor: QgaExecutor, handle: number, { leftMs }: Deadline): Promise<void> {
  // What was sent ahead of it may take its reader's own time.
  const timeoutMs = Math.max(QGA_CLOSE_FILE_TIMEOUT_MS, Math.ceil(leftMs))
  try {
    await callQga(executor, 'guest-file-close', { handle }, { timeoutMs, sendAhead: true })
  } catch (error) {
    // Refused: the agent has no such handle (any longer). Closed by this side: nothing is sent any more.
    if (error instanceof CommandError && error.outcome !== 'unknown') return
    if (error instanceof ConnectionError && error.code === 'ERR_CLOSED') return
    const owed = owedBy.get(executor) ?? new Set()
    if (owed.size < MAX_OWED) owedBy.set(executor, owed.add(handle))
  }
}

/**
 * The agent answers: close what could not be closed before. No one waits for it.
 *
 * @param newest - the handle that it has just given; one that is not below it belongs to an earlier boot, and is another file now
 */
export function closeOwed(executor: QgaExecutor, newest: number, deadline: Deadline): void {
  const owed = owedBy.get(executor)
  if (owed === undefined) return
  owedBy.delete(executor)
  for (const handle of owed) {
    if (handle < newest) inBackground('closing a file of the guest', closeHandle(executor, handle, deadline))
  }
}
