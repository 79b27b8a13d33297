import { ProtocolError } from '../errors/peer-errors.ts'
import { bounded } from '../wire/bounded.ts'
import type { CallOptions } from '../wire/call-options.ts'
import type { Clock } from '../wire/clock.ts'
import { Deadline } from '../wire/deadline.ts'
import { QGA_CLOSE_FILE_TIMEOUT_MS, QGA_READ_FILE_TIMEOUT_MS } from '../wire/defaults.ts'
import { callQga } from './commands.ts'
import type { QgaExecutor } from './executor.ts'

/** Files of `/sys` are one page. */
const DEFAULT_MAX_BYTES = 65_536
const CHUNK_BYTES = 4_096
const MAX_HANDLE = Number.MAX_SAFE_INTEGER
const latin1 = new TextDecoder('latin1')

/** How to read a file of the guest. */
export interface ReadGuestFileOptions extends CallOptions {
  /** Cap on the file's size, in bytes. */
  readonly maxBytes?: number
  /** What its waits go by. */
  readonly clock?: Clock | undefined
}

/**
 * Read a small file of the guest, such as those of `/sys/devices/system/cpu`. Its handle is closed again, whatever
 * happens, also one that the agent only gives after the caller has given up; but an agent that does not answer the close
 * neither holds up the caller beyond its time-out and signal nor costs it what was read.
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
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
  const handle = await callQga(
    executor,
    'guest-file-open',
    { path, mode: 'r' },
    {
      ...deadline.options(),
      onLateReturn: (late) => {
        if (typeof late === 'number' && Number.isInteger(late) && late >= 0 && late <= MAX_HANDLE) {
          void close(executor, late)
        }
      },
    },
  )
  let content: Uint8Array
  try {
    content = await readAll(executor, path, handle, maxBytes, deadline)
  } catch (error) {
    // At once: a caller that aborts does not wait for a guest to close its file.
    void close(executor, handle)
    throw error
  }
  await withinDeadline(close(executor, handle), deadline)
  return content
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
  return latin1.decode(await readGuestFile(executor, path, options)).trim()
}

async function readAll(
  executor: QgaExecutor,
  path: string,
  handle: number,
  maxBytes: number,
  deadline: Deadline,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for (;;) {
    const chunk = await callQga(executor, 'guest-file-read', { handle, count: CHUNK_BYTES }, deadline.options())
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

/**
 * Never rejects: a file that was read is no less read when its closing fails. Not under the caller's signal or time-out,
 * or the handle would stay open in the guest.
 */
async function close(executor: QgaExecutor, handle: number): Promise<void> {
  try {
    await callQga(executor, 'guest-file-close', { handle }, { timeoutMs: QGA_CLOSE_FILE_TIMEOUT_MS })
  } catch {
    // The agent has it, or is gone with all its handles.
  }
}

/** Wait for what never rejects, and no longer than the caller would. */
async function withinDeadline(closing: Promise<void>, deadline: Deadline): Promise<void> {
  const { signal, timeoutMs } = deadline.options()
  const isOver = new Error('the deadline is over')
  try {
    await bounded(closing, { signal, timeoutMs, clock: deadline.clock, onTimeout: () => isOver })
  } catch {
    // What was read is there; it is not worth less for a close that goes on behind it.
  }
}
