import { readFile, readdir, realpath } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { exists } from './cache.ts'
import type { CpioEntry } from './cpio.ts'
import { readElfNeeds } from './elf.ts'
import { KitError } from './kit-error.ts'

/** A program to put into an image: from where in the unpacked tree, to where. */
export interface Program {
  readonly from: string
  readonly to: string
}

/**
 * Programs out of an unpacked tree, with the loader and every library that they link, however indirectly.
 *
 * @param triplet the library directory of the tree's architecture
 * @throws KitError when a program or a library is not in the tree.
 */
export async function programEntries(
  root: string,
  triplet: string,
  programs: readonly Program[],
): Promise<CpioEntry[]> {
  const directories = [`lib/${triplet}`, `usr/lib/${triplet}`, 'lib', 'usr/lib', 'lib64', 'usr/lib64']
  const find = async (name: string): Promise<string> => {
    for (const directory of directories) {
      const path = join(root, directory, name)
      if (await exists(path)) return realpath(path)
    }
    throw new KitError(`${name} is not in the unpacked packages (${root})`)
  }
  const entries = new Map<string, CpioEntry>()
  const add = async (from: string, to: string): Promise<void> => {
    if (entries.has(to)) return
    const data = await readFile(from)
    entries.set(to, { kind: 'file', path: to, data, executable: true })
    const { interpreter, libraries } = readElfNeeds(data)
    if (interpreter !== undefined) await add(await find(basename(interpreter)), interpreter.replace(/^\//, ''))
    for (const library of libraries) await add(await find(library), `lib/${triplet}/${library}`)
  }
  for (const { from, to } of programs) {
    const path = await firstOf(root, [from, `usr/${from}`])
    await add(path, to)
  }
  return [...entries.values()]
}

/**
 * Kernel modules out of an unpacked tree, and the file that names them in loading order. Modules that this kernel has built
 * in are left out.
 *
 * @throws KitError when one is neither there nor built in.
 */
export async function moduleEntries(
  root: string,
  kernelRelease: string,
  modules: readonly string[],
): Promise<CpioEntry[]> {
  const directory = await firstOf(root, [`lib/modules/${kernelRelease}`, `usr/lib/modules/${kernelRelease}`])
  const builtin = await readFile(join(directory, 'modules.builtin'), 'utf8')
  const files = await readdir(directory, { recursive: true })
  const entries: CpioEntry[] = []
  const order: string[] = []
  for (const module of modules) {
    const isModule = (path: string) => /^([^.]+)\.ko/.exec(basename(path))?.[1]?.replaceAll('-', '_') === module
    const path = files.find(isModule)
    if (path !== undefined) {
      order.push(basename(path))
      entries.push({ kind: 'file', path: `lib/modules/${basename(path)}`, data: await readFile(join(directory, path)) })
    } else if (!builtin.split('\n').some(isModule)) {
      throw new KitError(`kernel ${kernelRelease} has no module ${module}`)
    }
  }
  return [...entries, { kind: 'file', path: 'lib/modules/order', data: Buffer.from(`${order.join('\n')}\n`) }]
}

async function firstOf(root: string, paths: readonly string[]): Promise<string> {
  for (const path of paths) if (await exists(join(root, path))) return join(root, path)
  throw new KitError(`${paths.join(' or ')} is not in the unpacked packages (${root})`)
}
