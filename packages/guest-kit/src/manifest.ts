import { createHash } from 'node:crypto'
import { lstat, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { isRecord } from './control.ts'
import { KitError } from './kit-error.ts'
import { isCode } from './is-code.ts'
import { isTrusted } from './own-directory.ts'

const NAME = 'manifest.json'

/** What a directory holds: the digest of each file and the target of each link, by path. */
type Manifest = ReadonlyMap<string, string>

/** Writes down what a finished entry of the cache holds. */
export async function writeManifest(entry: string): Promise<void> {
  const manifest = Object.fromEntries(await describe(entry))
  await writeFile(join(entry, NAME), `${JSON.stringify(manifest, null, 1)}\n`)
}

/**
 * Checks that an entry holds what was put into it, byte by byte, and that all of it is this user's or root's.
 *
 * @throws KitError that names what is foreign, missing, added or other than it was.
 */
export async function checkManifest(entry: string): Promise<void> {
  const expected = await readManifest(entry)
  const found = await describe(entry)
  for (const [path, what] of found) {
    const wanted = expected.get(path)
    if (wanted === undefined) throw untrue(entry, `${path} was added to it`)
    if (wanted !== what) throw untrue(entry, `${path} is not what was unpacked`)
  }
  for (const path of expected.keys()) if (!found.has(path)) throw untrue(entry, `${path} is missing`)
}

async function readManifest(entry: string): Promise<Manifest> {
  try {
    const value: unknown = JSON.parse(await readFile(join(entry, NAME), 'utf8'))
    if (isRecord(value)) return new Map(Object.entries(value).map(([path, what]) => [path, String(what)]))
  } catch (error) {
    if (!isCode(error, 'ENOENT') && !(error instanceof SyntaxError)) throw error
  }
  throw untrue(entry, `it has no list of digests (${NAME})`)
}

async function describe(entry: string): Promise<Manifest> {
  const found = new Map<string, string>()
  const visit = async (directory: string): Promise<void> => {
    for (const name of (await readdir(directory)).sort()) {
      const path = join(directory, name)
      const key = relative(entry, path)
      if (key === NAME) continue
      const stats = await lstat(path)
      if (!isTrusted(stats.uid)) throw untrue(entry, `${key} belongs to the user with the id ${stats.uid}`)
      if (stats.isDirectory()) await visit(path)
      else if (stats.isSymbolicLink()) found.set(key, `link ${await readlink(path)}`)
      else if (stats.isFile())
        found.set(
          key,
          `sha256 ${createHash('sha256')
            .update(await readFile(path))
            .digest('hex')}`,
        )
      else throw untrue(entry, `${key} is neither a file nor a directory nor a link`)
    }
  }
  await visit(entry)
  return found
}

function untrue(entry: string, why: string): KitError {
  return new KitError(`the guest kit does not trust ${entry} in its cache: ${why}. Delete it; it is made again.`)
}
