import { ProtocolError } from '../errors/peer-errors.ts'
import type { CallOptions } from '../wire/call-options.ts'
import { Deadline } from '../wire/deadline.ts'
import { callQga } from './commands.ts'
import type { QgaExecutor } from './executor.ts'

const DEFAULT_READ_TIMEOUT_MS = 10_000
/** Files of `/sys` are one page. */
const DEFAULT_MAX_BYTES = 65_536
const CHUNK_BYTES = 4_096
const CLOSE_TIMEOUT_MS = 2_000
const latin1 = new TextDecoder('latin1')

/** How to read a file of the guest. */
export interface ReadGuestFileOptions extends CallOptions {
  /** Cap on the file's size, in bytes. */
  readonly maxBytes?: number
}

/**
 * Read a small file of the guest, such as those of `/sys/devices/system/cpu`. Its handle is closed again, whatever
 * happens.
 *
 * @throws {@link CommandError} when the agent may not (class `CommandNotFound` or `CommandDisabled`) or cannot
 * @throws {@link ProtocolError} when the file outgrows `maxBytes` or the agent's answers do not fit together
 */
export async function readGuestFile(
  executor: QgaExecutor,
  path: string,
  options: ReadGuestFileOptions = {},
): Promise<Uint8Array> {
  const deadline = new Deadline(options, DEFAULT_READ_TIMEOUT_MS)
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES
  const handle = await callQga(executor, 'guest-file-open', { path, mode: 'r' }, deadline.options())
  let content: Uint8Array
  try {
    content = await readAll(executor, path, handle, maxBytes, deadline)
  } catch (error) {
    // The first error is the one to tell, and at once: whoever aborts does not wait for a guest to close its file.
    close(executor, handle).catch(() => undefined)
    throw error
  }
  await close(executor, handle)
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

/** Not under the caller's signal or time-out: the handle is the guest's to keep otherwise. */
async function close(executor: QgaExecutor, handle: number): Promise<void> {
  await callQga(executor, 'guest-file-close', { handle }, { timeoutMs: CLOSE_TIMEOUT_MS })
}
