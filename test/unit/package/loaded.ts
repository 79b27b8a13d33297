import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { inRepository } from '../../../scripts/formatted-page.ts'

/** What a process has loaded. */
export interface Loaded {
  /** Of the package, below its `dist/`, sorted. */
  readonly files: readonly string[]
  /** Of these files together. */
  readonly bytes: number
  /** Of Node, beside what each process loads. */
  readonly builtins: readonly string[]
  readonly exitCode: number | null
}

/** Run a process of Node's to its end, and see what it has loaded of a package that stands in `directory`. */
export async function loadedBy(directory: string, args: readonly string[]): Promise<Loaded> {
  const scratch = await mkdtemp(join(tmpdir(), 'loaded-'))
  try {
    const noted = join(scratch, 'noted.json')
    const child = spawn(process.execPath, ['--import', inRepository('test/support/note-loaded.mjs'), ...args], {
      cwd: directory,
      stdio: 'ignore',
      env: { PATH: process.env['PATH'], NOTE_LOADED: noted },
    })
    const [exitCode] = (await once(child, 'close')) as [number | null]
    const { scripts, builtins } = JSON.parse(await readFile(noted, 'utf8')) as Record<'scripts' | 'builtins', string[]>
    const dist = `${pathToFileURL(directory).href}/dist/`
    const ours = scripts.filter((url) => url.startsWith(dist)).map((url) => url.slice(dist.length))
    const files = [...new Set(ours)].sort()
    const sizes = await Promise.all(files.map(async (file) => (await stat(join(directory, 'dist', file))).size))
    return { files, bytes: sizes.reduce((sum, size) => sum + size, 0), builtins, exitCode }
  } finally {
    await rm(scratch, { recursive: true })
  }
}
