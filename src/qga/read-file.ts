import { ProtocolError } from '../errors/peer-errors.ts'
import { inBackground } from '../wire/background.ts'
import { bounded } from '../wire/bounded.ts'
import type { CallOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import { Deadline } from '../wire/deadline.ts'
import { QGA_CLOSE_FILE_TIMEOUT_MS, QGA_READ_FILE_TIMEOUT_MS } from '../wire/defaults.ts'
import { callQga } from './commands.ts'
import type { QgaExecutor } from './executor.ts'
import { closeHandle, closeOwed } from './guest-handles.ts'

/** Files of `/sys` are one page. */
const DEFAULT_MAX_BYTES = 65_536
const CHUNK_BYTES = 4_096
const MAX_HANDLE = Number.MAX_SAFE_INTEGER
const latin1 = new TextDecoder('latin1')

/** How to read a file of the guest. */
export interface ReadGuestFileOptions extends CallOptions {
  /** Cap on the file's size, in bytes. */
  readonly maxBytes?: number
  /** How much to ask for at once, in bytes: one command reads a file that is shorter than that. */
  readonly chunkBytes?: number
  /** What its waits go by. */
  readonly clock?: Clock | undefined
}

/**
 * Read a small file of the guest, such as those of `/sys/devices/system/cpu`. Its handle is closed again, whatever
 * happens, also one that the agent only gives after the caller has given up, and (with the next file that is read) one whose
 * closing was not answered; but an agent that does not answer the close neither holds up the caller beyond its time-out
 * and signal nor costs it what was read.
 *
 * @throws {@link CommandError} when the agent may not (class `CommandNotFound` or `CommandDisabled`) or cannot
 * @throws {@link ProtocolError} when the file outgrows `maxBytes` or the agent's answers do not fit together
 */
export async function readGuestFile(
  executor: QgaExecutor,
  path: string,
  options: ReadGuestFileOptions = {},
): Promise<Uint8Array> {
  const deadline = new Deadline(options, QGA_READ_FILE_TIMEOUT_MS, options.clock)
  const { content, closed } = await readThenClose(executor, path, options, deadline)
  await withinDeadline(closed, deadline)
  return content
}

/** What a file holds, and the end of its closing, which never rejects and which no other file needs to wait for. */
export interface FileContent {
  readonly content: Uint8Array
  readonly closed: Promise<void>
}

/** As {@link readGuestFile}, without waiting for the close. */
export async function readThenClose(
  executor: QgaExecutor,
  path: string,
  options: Pick<ReadGuestFileOptions, 'maxBytes' | 'chunkBytes'>,
  deadline: Deadline,
): Promise<FileContent> {
  const { maxBytes = DEFAULT_MAX_BYTES, chunkBytes = CHUNK_BYTES } = options
  const handle = await callQga(
    executor,
    'guest-file-open',
    { path, mode: 'r' },
    {
      ...deadline.options(),
      sendAhead: true,
      onLateReturn: (late) => {
        if (typeof late === 'number' && Number.isInteger(late) && late >= 0 && late <= MAX_HANDLE) {
          inBackground('closing a file of the guest', closeHandle(executor, late, deadline))
        }
      },
    },
  )
  closeOwed(executor, handle, deadline)
  try {
    const content = await readAll(executor, path, handle, { maxBytes, chunkBytes }, deadline)
    return { content, closed: closeHandle(executor, handle, deadline) }
  } catch (error) {
    // At once: a caller that aborts does not wait for a guest to close its file.
    inBackground('closing a file of the guest', closeHandle(executor, handle, deadline))
    throw error
  }
}

/**
 * Read a small text file of the guest, without the white space around it. Latin-1, which takes any byte: what a guest writes
 * is for the reader to distrust.
 *
 * @throws as {@link readGuestFile}
 */
export async function readGuestText(
  executor: QgaExecutor,
  path: string,
  options: ReadGuestFileOptions = {},
): Promise<string> {
  return textOf(await readGuestFile(executor, path, options))
}

/** The text of a file, without the white space around it. */
export function textOf(content: Uint8Array): string {
  return latin1.decode(content).trim()
}

async function readAll(
  executor: QgaExecutor,
  path: string,
  handle: number,
  { maxBytes, chunkBytes }: { readonly maxBytes: number; readonly chunkBytes: number },
  deadline: Deadline,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const chunk = await callQga(
      executor,
      'guest-file-read',
      { handle, count: chunkBytes },
      { ...deadline.options(), sendAhead: true },
    )
    const piece = Buffer.from(chunk['buf-b64'], 'base64')
    if (piece.length !== chunk.count) {
      throw new ProtocolError(`guest-file-read says ${chunk.count} bytes of ${path} and gives ${piece.length}`)
    }
    bytes += piece.length
    if (bytes > maxBytes) throw new ProtocolError(`${path} of the guest exceeds the cap of ${maxBytes} bytes`)
    pieces.push(piece)
    if (chunk.eof || piece.length === 0) return Buffer.concat(pieces)
  }
}

/** Wait for what never rejects, and no longer than the caller would, nor than a close may take. */
export async function withinDeadline(closing: Promise<unknown>, deadline: Deadline): Promise<void> {
  const { signal, timeoutMs: leftMs } = deadline.options()
  const timeoutMs = Math.min(leftMs, QGA_CLOSE_FILE_TIMEOUT_MS)
  const isOver = new Error('the deadline is over')
  try {
    await bounded(closing, { signal, timeoutMs, clock: deadline.clock, onTimeout: () => isOver })
  } catch {
    // What was read is there; it is not worth less for a close that goes on behind it.
  }
}
