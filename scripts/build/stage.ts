import { execFile } from 'node:child_process'
import { cp, mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { inRepository } from '../formatted-page.ts'
import { bundleCode } from './code.ts'
import { bundleTypes } from './types.ts'

/** What npm would pack. */
export interface Packed {
  readonly bytes: number
  /** The paths in the package. */
  readonly files: readonly string[]
}

/**
 * Build the package into a directory of its own, as npm would unpack it, and leave `dist/` alone: a test can run beside a build.
 *
 * @returns what npm would pack of it
 */
export async function stagePackage(directory: string): Promise<Packed> {
  const manifest = JSON.parse(await readFile(inRepository('package.json'), 'utf8')) as { readonly files: string[] }
  const others = manifest.files.filter((path) => !path.startsWith('dist/'))
  for (const path of ['package.json', 'README.md', 'LICENSE', ...others]) {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await cp(inRepository(path), join(directory, path), { recursive: true })
  }
  await bundleCode(join(directory, 'dist'))
  await bundleTypes(join(directory, 'dist'))
  return pack(directory)
}

async function pack(directory: string): Promise<Packed> {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel', 'error']
  const { stdout } = await promisify(execFile)('npm', args, { cwd: directory })
  const [packed] = JSON.parse(stdout) as {
    readonly size: number
    readonly files: readonly { readonly path: string }[]
  }[]
  if (packed === undefined) throw new Error('npm pack said nothing')
  return { bytes: packed.size, files: packed.files.map(({ path }) => path) }
}
