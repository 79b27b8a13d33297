import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { isCode } from './is-code.ts'
import { KitError } from './kit-error.ts'

const pollMs = 200
const heartbeatMs = 5_000
/** A lock whose owner cannot be asked (another host, a pid that is ours by now) is dead after this much silence. */
const silenceMs = 60_000
const takeoverLimitMs = 10_000
const waitLimitMs = 20 * 60_000

const held = new Set<string>()

interface Owner {
  readonly pid: number
  readonly host: string
}

/**
 * Runs `task` while holding the lock file at `path`. Another process, or another call in this one, waits its turn; the
 * lock of a process that died is taken over.
 *
 * @throws KitError when the lock was not free within twenty minutes.
 */
export async function withLock<T>(path: string, task: () => Promise<T>): Promise<T> {
  await acquire(path)
  held.add(path)
  const heartbeat = setInterval(() => {
    const now = new Date()
    // The lock may be gone already when this fires during the release.
    utimes(path, now, now).catch(() => undefined)
  }, heartbeatMs)
  heartbeat.unref()
  try {
    return await task()
  } finally {
    clearInterval(heartbeat)
    held.delete(path)
    await rm(path, { force: true })
  }
}

async function acquire(path: string): Promise<void> {
  const owner: Owner = { pid: process.pid, host: hostname() }
  const deadline = Date.now() + waitLimitMs
  for (;;) {
    try {
      await writeFile(path, JSON.stringify(owner), { flag: 'wx' })
      return
    } catch (error) {
      if (!isCode(error, 'EEXIST')) throw error
    }
    if (Date.now() > deadline) {
      throw new KitError(`the lock ${path} has been held for too long; remove it if no other run is preparing guests`)
    }
    if (await isStale(path)) await takeOver(path)
    else await delay(pollMs)
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const owner = parseOwner(await readFile(path, 'utf8'))
    const silent = await isOlder(path, silenceMs)
    // A lock without a readable owner is being written right now, or its writer died in between.
    if (owner?.host !== hostname()) return silent
    if (owner.pid === process.pid) return silent && !held.has(path)
    return !isAlive(owner.pid)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

/** Of the processes that find the same lock stale, one at a time looks again and removes it: never a lock made since. */
async function takeOver(path: string): Promise<void> {
  const guard = `${path}.takeover`
  try {
    await writeFile(guard, '', { flag: 'wx' })
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    if (await isOlder(guard, takeoverLimitMs)) await rm(guard, { force: true })
    return
  }
  try {
    if (await isStale(path)) await rm(path, { force: true })
  } finally {
    await rm(guard, { force: true })
  }
}

async function isOlder(path: string, ageMs: number): Promise<boolean> {
  try {
    return Date.now() - (await stat(path)).mtimeMs > ageMs
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false
    throw error
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('host' in value)) return undefined
    if (typeof value.pid !== 'number' || typeof value.host !== 'string') return undefined
    return { pid: value.pid, host: value.host }
  } catch {
    return undefined
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM means alive and somebody else's.
    return !isCode(error, 'ESRCH')
  }
}
