import { chmod, chown, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { ensureEntry, findEntry, openCache } from '../src/cache.ts'

// A cache that was believed as found ran a planted loader as QEMU, out of a directory that everybody could write to.

let home: string
let cache: string

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'vcpu-cache-'))
  cache = join(home, 'cache')
  vi.stubEnv('QEMU_VCPU_CACHE', cache)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(home, { recursive: true, force: true })
})

/** Makes an entry with a program, a link and a directory. */
function build(staging: string): Promise<void> {
  return mkdir(join(staging, 'root/bin'), { recursive: true })
    .then(() => writeFile(join(staging, 'root/bin/program'), 'what was unpacked'))
    .then(() => symlink('program', join(staging, 'root/bin/alias')))
}

/** An entry made by an earlier process: this one checks an entry only once. */
async function madeBefore(): Promise<string> {
  const made = await ensureEntry('unpacked/one', build)
  vi.resetModules()
  return made
}

async function findAsAnotherProcess(): Promise<string | undefined> {
  const again = await import('../src/cache.ts')
  return again.findEntry('unpacked/one')
}

describe('the cache itself', () => {
  test('is made for this user alone', async () => {
    await openCache()
    expect(await readdir(home)).toEqual(['cache'])
    await expect(findEntry('unpacked/one')).resolves.toBeUndefined()
  })

  test.each([0o777, 0o1777, 0o775, 0o757])('is refused when others can write to it (mode %i)', async (mode) => {
    await mkdir(cache)
    await chmod(cache, mode)
    await expect(openCache()).rejects.toThrow(
      new RegExp(`does not trust ${cache}: others can write to it \\(mode ${mode.toString(8)}\\).*QEMU_VCPU_CACHE`),
    )
    await expect(ensureEntry('unpacked/one', build)).rejects.toThrow('others can write to it')
    expect(await readdir(cache)).toEqual([])
  })

  test('is refused when it belongs to another user', async () => {
    await mkdir(cache)
    // Root makes it another user's; any other user becomes another one.
    if (process.getuid?.() === 0) await chown(cache, 65_534, 65_534)
    else vi.spyOn(process, 'getuid').mockReturnValue(65_534)
    await expect(openCache()).rejects.toThrow(/does not trust .*: it belongs to the user with the id \d+/)
  })
})

describe('an entry of the cache', () => {
  test('is found again as it was made', async () => {
    const entry = await madeBefore()
    await expect(findAsAnotherProcess()).resolves.toBe(entry)
  })

  test.each([
    ['a changed file', (root: string) => writeFile(join(root, 'bin/program'), 'something else!!!'), 'is not what'],
    ['a planted file', (root: string) => writeFile(join(root, 'bin/loader'), ''), 'bin/loader was added'],
    ['a missing file', (root: string) => rm(join(root, 'bin/program')), 'bin/program is missing'],
    [
      'a link to elsewhere',
      (root: string) => rm(join(root, 'bin/alias')).then(() => symlink('/bin/sh', join(root, 'bin/alias'))),
      'bin/alias is not what',
    ],
    ['no list of digests', (root: string) => rm(join(root, '../manifest.json')), 'it has no list of digests'],
    [
      'a broken list of digests',
      (root: string) => writeFile(join(root, '../manifest.json'), '{'),
      'no list of digests',
    ],
  ])('is refused with %s', async (_, spoil, words) => {
    const entry = await madeBefore()
    await spoil(join(entry, 'root'))
    await expect(findAsAnotherProcess()).rejects.toThrow(words)
    await expect(findAsAnotherProcess()).rejects.toThrow('Delete it')
  })
})
