import { createHash } from 'node:crypto'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { isCode } from './is-code.ts'
import { withLock } from './lock.ts'
import { checkManifest, writeManifest } from './manifest.ts'
import { ensureOwnDirectory } from './own-directory.ts'

/**
 * The directory in which everything downloaded and built is kept: `$QEMU_VCPU_CACHE`, else `$XDG_CACHE_HOME/qemu-vcpu`,
 * else `~/.cache/qemu-vcpu`. Deleting it is always safe while no guest runs.
 */
export function cacheDirectory(): string {
  const own = process.env['QEMU_VCPU_CACHE']
  if (own !== undefined && own !== '') return own
  const shared = process.env['XDG_CACHE_HOME']
  return join(shared !== undefined && shared !== '' ? shared : join(homedir(), '.cache'), 'qemu-vcpu')
}

/** What was checked in this process, with the promise of how that ended. */
const checked = new Map<string, Promise<void>>()

function once(path: string, check: (path: string) => Promise<void>): Promise<void> {
  const known = checked.get(path)
  if (known !== undefined) return known
  const checking = check(path)
  checked.set(path, checking)
  checking.catch(() => checked.delete(path))
  return checking
}

/**
 * The cache, made or checked: what is in it is run, so it must be this user's.
 *
 * @throws KitError when others own it or can write to it.
 */
export async function openCache(): Promise<string> {
  const directory = cacheDirectory()
  await once(directory, ensureOwnDirectory)
  return directory
}

/**
 * The directory `name` of the cache; undefined when it is not there.
 *
 * @throws KitError when it is there and does not hold what was put into it (checked once per process).
 */
export async function findEntry(name: string): Promise<string | undefined> {
  const entry = join(await openCache(), name)
  if (!(await exists(entry))) return undefined
  await once(entry, checkManifest)
  return entry
}

/**
 * The directory `name` of the cache, made by `build` if it is not there yet. `build` fills a staging directory that
 * becomes the entry by one rename, so that a half-made entry is never seen. When `build` fails the staging directory stays
 * and the next call finds in it what was finished.
 *
 * @param name path below the cache directory; it must contain everything that the content depends on
 * @throws KitError when it is there and does not hold what was put into it.
 */
export async function ensureEntry(name: string, build: (staging: string) => Promise<void>): Promise<string> {
  const found = await findEntry(name)
  if (found !== undefined) return found
  const entry = join(await openCache(), name)
  await ensureOwnDirectory(dirname(entry))
  await withLock(`${entry}.lock`, async () => {
    if (await exists(entry)) return
    const staging = `${entry}.staging`
    await mkdir(staging, { recursive: true, mode: 0o700 })
    await build(staging)
    await writeManifest(staging)
    await rename(staging, entry)
  })
  // Another process may have made it.
  await once(entry, checkManifest)
  return entry
}

/** Empties or makes a directory. */
export async function freshDirectory(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true })
  await mkdir(path, { recursive: true })
  return path
}

/** Whether something is at `path`. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return false
    throw error
  }
}

/** The names in a directory, in order; none when there is no such directory. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort()
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}

/** A short, stable name for what an entry depends on. */
export function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}
