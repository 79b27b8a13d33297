import { ProtocolError } from '../errors/peer-errors.ts'
import { onRefusal } from '../errors/refusal.ts'
import type { Deadline } from '../wire/deadline.ts'
import type { QgaExecutor } from './executor.ts'
import { readThenClose, textOf, withinDeadline } from './read-file.ts'

/** Most files that are open in the guest at once; as many commands are sent ahead. */
const MAX_OPEN = 32

/** What a file says; no `text` where the guest has no such file; `isForbidden` where the agent may not read any. */
interface FileAnswer {
  readonly text?: string
  readonly closed?: Promise<void>
  readonly isForbidden: boolean
}

/**
 * Read many small text files of the guest, several at a time, and hand over each as it comes. Ends early where the agent
 * may not read files.
 *
 * @param maxBytes - cap on each; a longer one counts as one that says nothing
 * @returns `false` where the agent may not read files
 * @throws what the executor rejects with, other than a refusal; those under way have ended by then
 */
export async function readGuestTexts(
  executor: QgaExecutor,
  paths: readonly string[],
  maxBytes: number,
  deadline: Deadline,
  onText: (at: number, text: string | undefined) => void,
): Promise<boolean> {
  let next = 0
  let isForbidden = false
  let hasFailed = false
  const closing: Promise<void>[] = []
  const readOn = async (): Promise<void> => {
    while (next < paths.length && !isForbidden && !hasFailed) {
      const at = next++
      try {
        const answer = await readOne(executor, paths[at] ?? '', maxBytes, deadline)
        if (answer.closed !== undefined) closing.push(answer.closed)
        if (answer.isForbidden) isForbidden = true
        else onText(at, answer.text)
      } catch (error) {
        hasFailed = true
        throw error
      }
    }
  }
  const readers = Array.from({ length: Math.min(MAX_OPEN, paths.length) }, readOn)
  const failed = (await Promise.allSettled(readers)).find((reader) => reader.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  await withinDeadline(Promise.all(closing), deadline)
  return !isForbidden
}

/** A file of the guest that is longer than it can be, or whose pieces do not fit together, says nothing of use. */
function readOne(executor: QgaExecutor, path: string, maxBytes: number, deadline: Deadline): Promise<FileAnswer> {
  return readThenClose(executor, path, { maxBytes }, deadline)
    .then(({ content, closed }): FileAnswer => ({ text: textOf(content), closed, isForbidden: false }))
    .catch(
      // The agent's class for a command that its configuration blocks; anything else is about this one file.
      onRefusal(({ errorClass }) => ({
        isForbidden: errorClass === 'CommandNotFound' || errorClass === 'CommandDisabled',
      })),
    )
    .catch((error: unknown) => {
      if (error instanceof ProtocolError && error.outcome !== 'unknown') return { isForbidden: false }
      throw error
    })
}
