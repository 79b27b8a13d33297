import { mkdir, stat } from 'node:fs/promises'
import { KitError } from './kit-error.ts'

/** Write permission of the group and of others. */
const FOREIGN_WRITE = 0o022
const PRIVATE_MODE = 0o700

/**
 * Makes a directory that programs are run out of, or checks the one that is there: only this user and root can have put
 * anything into it.
 *
 * @throws KitError when it belongs to another user, others can write to it, or it is not a directory.
 */
export async function ensureOwnDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: PRIVATE_MODE })
  // The way to it may be a link; where that ends is what counts.
  const { uid, mode } = await stat(path)
  if (!isTrusted(uid)) throw foreign(path, `it belongs to the user with the id ${uid}`, 'a directory of your own')
  if ((mode & FOREIGN_WRITE) !== 0) {
    const octal = (mode & 0o7777).toString(8)
    throw foreign(
      path,
      `others can write to it (mode ${octal})`,
      "a directory that only you can write to ('chmod go-w')",
    )
  }
}

/** Whether what a user owns can be trusted; on systems without such ids everything is this user's. */
export function isTrusted(uid: number): boolean {
  const own = process.getuid?.()
  return own === undefined || uid === own || uid === 0
}

function foreign(path: string, why: string, instead: string): KitError {
  return new KitError(
    `the guest kit runs programs out of its cache, and does not trust ${path}: ${why}. Delete it if you do not know what ` +
      `is in it, and name ${instead} in QEMU_VCPU_CACHE.`,
  )
}
