import { mkdtemp, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A cgroup that threads of this process, and of those it starts, can be moved into; or why there is none. */
export type ThreadedCgroup = ({ readonly path: string } & AsyncDisposable) | { readonly refused: string }

/** Make one below this process' own, on a host that has cgroups of v2 and lets this user make them. */
export async function threadedCgroup(): Promise<ThreadedCgroup> {
  try {
    const [mounts, own] = await Promise.all(
      ['mountinfo', 'cgroup'].map((name) => readFile(`/proc/self/${name}`, 'utf8')),
    )
    const mount = /^\S+ \S+ \S+ \S+ (\S+) .* - cgroup2 /m.exec(mounts ?? '')?.[1]
    if (mount === undefined) return { refused: 'no cgroups of v2' }
    const path = await mkdtemp(join(mount, /^0::(.*)$/m.exec(own ?? '')?.[1] ?? '', 'qemu-vcpu-'))
    const dispose = (): Promise<void> => rmdir(path)
    try {
      await writeFile(join(path, 'cgroup.type'), 'threaded')
    } catch (error) {
      await dispose()
      throw error
    }
    return { path, [Symbol.asyncDispose]: dispose }
  } catch (error) {
    return { refused: String(error) }
  }
}
